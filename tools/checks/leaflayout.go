// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

const leafLayouts = "go/leaf/layout.go"

// A row of layouts in go/leaf/layout.go: the offsets of leafWords, then the entries.
var leafRow = regexp.MustCompile(`(?m)^\t\{(\d+, \d+, \d+, \d+), &entryPC\[\d+\]\}`)

var leafWords = []string{"runtime.g.syscallsp", "runtime.g.syscallpc", "runtime.m.curg", "runtime.m.ncgo"}

// What the entries take for granted of every version.
var leafFixed = map[string]int64{
	"runtime.g.stack": 0, "runtime.g.stackguard0": 16, "runtime.g.m": 48, "runtime.g.sched": 56,
	"runtime.gobuf.sp": 0, "runtime.gobuf.pc": 8, "runtime.m.g0": 0,
}

// An entry in assembly repeats the offsets of its row.
var leafEntry = regexp.MustCompile(`(?m)^LAYOUT\(·call.*?(\d+, \d+, \d+, \d+)\)$`)

// checkLeafLayouts: the leaf calls have the layouts of rcgo stack, each once, and a row for each toolchain
// at hand.
func checkLeafLayouts(t *tree, c *check) {
	if !t.has(leafLayouts) || !needs(c, "go") {
		return
	}
	rows := map[string]bool{}
	for _, m := range leafRow.FindAllStringSubmatch(t.read(leafLayouts), -1) {
		rows[m[1]] = true
	}
	if len(rows) == 0 {
		c.bad(leafLayouts, 0, "no layouts are found")
		return
	}
	t.checkLeafTable(c, rows)
	for _, arch := range layoutCPUs {
		t.checkLeafEntries(c, arch, rows)
	}
	t.eachLayout(c, leafLayouts, leafFixed, func(g gorootInfo, arch string, members map[string]int64) {
		if row := offsets(members, leafWords); !rows[row] {
			c.bad(leafLayouts, 0, "no layout for %s, %s: want %s", g.dir, arch, row)
		}
	})
}

// checkLeafTable: the rows are those of rcgo stack, as far as their words go.
func (t *tree) checkLeafTable(c *check, rows map[string]bool) {
	known := map[string]bool{}
	for _, row := range stackRows(t) {
		members := map[string]int64{}
		for i, name := range stackWords {
			members[name] = row[2+i]
		}
		known[offsets(members, leafWords)] = true
	}
	for row := range known {
		if !rows[row] {
			c.bad(leafLayouts, 0, "there is no row %s, which %s has", row, stackLayouts)
		}
	}
	for row := range rows {
		if !known[row] {
			c.bad(leafLayouts, 0, "the row %s is in none of %s", row, stackLayouts)
		}
	}
}

// checkLeafEntries: the macros of an architecture have the numbers of the table.
func (t *tree) checkLeafEntries(c *check, arch string, rows map[string]bool) {
	file := "go/leaf/entry_" + arch + ".s"
	seen := map[string]bool{}
	for _, m := range leafEntry.FindAllStringSubmatch(t.read(file), -1) {
		seen[m[1]] = true
		if !rows[m[1]] {
			c.bad(file, 0, "the entries of %s have not the numbers of %s", m[1], leafLayouts)
		}
	}
	for row := range rows {
		if !seen[row] {
			c.bad(file, 0, "there are no entries for the row %s", row)
		}
	}
}

// debugMembers builds an empty program and gives the offsets of the members of the structures in
// leafWords.
func (g gorootInfo) debugMembers(arch string) (map[string]int64, error) {
	dir, err := os.MkdirTemp("", "rcgo-layout")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(g.dir, "bin", "go"), "build", "-o", program, source)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on",
		"GOROOT=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%v\n%s", err, out)
	}
	file, err := elf.Open(program)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return nil, err
	}
	members := map[string]int64{}
	reader := data.Reader()
	owner := ""
	for {
		e, err := reader.Next()
		if err != nil || e == nil {
			return members, err
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagCompileUnit:
		case dwarf.TagStructType:
			owner = name
			if owner != "runtime.g" && owner != "runtime.m" && owner != "runtime.gobuf" {
				reader.SkipChildren()
			}
		case dwarf.TagMember:
			if at, ok := e.Val(dwarf.AttrDataMemberLoc).(int64); ok {
				members[owner+"."+name] = at
			}
		default:
			reader.SkipChildren()
		}
	}
}
