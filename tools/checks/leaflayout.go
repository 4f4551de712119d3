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
	"strconv"
)

const leafLayouts = "go/leaf/layout.go"

// A row of layouts in go/leaf/layout.go: the Go versions, then the offsets in the order of leafWords.
var leafRow = regexp.MustCompile(`(?m)^\t\{(\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+), (\d+),`)

var leafWords = []struct{ owner, member string }{
	{"runtime.g", "m"}, {"runtime.g", "sched"}, {"runtime.g", "syscallsp"}, {"runtime.g", "syscallpc"},
	{"runtime.m", "g0"}, {"runtime.m", "curg"}, {"runtime.m", "ncgo"},
}

// What the entries take for granted of every version.
var leafFixed = []struct {
	owner, member string
	offset        int64
}{
	{"runtime.g", "stack", 0}, {"runtime.g", "stackguard0", 16},
	{"runtime.gobuf", "sp", 0}, {"runtime.gobuf", "pc", 8},
}

// An entry in assembly repeats the last four offsets of its row.
var leafEntry = regexp.MustCompile(`(?m)^LAYOUT\(·call(\d+), .*?(\d+), (\d+), (\d+), (\d+)\)$`)

// checkLeafLayouts compares what the leaf calls know of g and m with the debug information that each
// toolchain at hand writes.
func checkLeafLayouts(t *tree, c *check) {
	if !t.has(leafLayouts) || !needs(c, "go") {
		return
	}
	rows := leafRow.FindAllStringSubmatch(t.read(leafLayouts), -1)
	if len(rows) == 0 {
		c.bad(leafLayouts, 0, "no layouts are found")
		return
	}
	for _, arch := range []string{"amd64", "arm64"} {
		t.checkLeafEntries(c, arch, rows)
		for _, g := range goroots(t, c) {
			row := leafRowOf(rows, g.minor)
			if row == nil {
				c.bad(leafLayouts, 0, "there is no layout for Go 1.%d, which is at hand", g.minor)
				continue
			}
			members, err := g.members(arch)
			if err != nil {
				c.bad(leafLayouts, 0, "Go 1.%d, %s: %v", g.minor, arch, err)
				continue
			}
			for i, w := range leafWords {
				want, _ := strconv.ParseInt(row[i+3], 10, 64)
				leafMember(c, g, arch, members, w.owner, w.member, want)
			}
			for _, w := range leafFixed {
				leafMember(c, g, arch, members, w.owner, w.member, w.offset)
			}
		}
	}
}

func leafMember(c *check, g gorootInfo, arch string, members map[string]int64, owner, member string, want int64) {
	if got, ok := members[owner+"."+member]; !ok || got != want {
		c.bad(leafLayouts, 0, "Go 1.%d, %s: %s.%s is at %d (found: %v), not at %d", g.minor, arch, owner, member, got, ok, want)
	}
}

func leafRowOf(rows [][]string, minor int) []string {
	for _, row := range rows {
		oldest, _ := strconv.Atoi(row[1])
		newest, _ := strconv.Atoi(row[2])
		if minor >= oldest && minor <= newest {
			return row
		}
	}
	return nil
}

// checkLeafEntries: the macros of an architecture have the numbers of the table.
func (t *tree) checkLeafEntries(c *check, arch string, rows [][]string) {
	file := "go/leaf/entry_" + arch + ".s"
	seen := map[string]bool{}
	for _, m := range leafEntry.FindAllStringSubmatch(t.read(file), -1) {
		seen[m[1]] = true
		minor, _ := strconv.Atoi(m[1])
		row := leafRowOf(rows, minor)
		if row == nil || row[5] != m[2] || row[6] != m[3] || row[8] != m[4] || row[9] != m[5] {
			c.bad(file, 0, "the entry call%s has not the numbers of %s", m[1], leafLayouts)
		}
	}
	for _, row := range rows {
		if !seen[row[1]] {
			c.bad(file, 0, "there is no entry call%s", row[1])
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
