// SPDX-License-Identifier: BSD-3-Clause

// Package layouts compares the tables of offsets in Go's g and m, which rcgo stack and the leaf calls have, with the
// debug information of each toolchain that tools/toolchains lists.
package layouts

import (
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"runtime_cgo/test/internal/suite"
)

const (
	stackTable = "cmd/rcgo/go_layout.c" // rows of the first and last minor version, then the offsets of stackWords
	leafTable  = "go/leaf/layout.go"    // rows of the offsets of leafWords
)

var (
	stackRow   = regexp.MustCompile(`(?m)^\t\{(\d+(?:, \d+)+)\},$`)
	stackWords = []string{"g.syscallsp", "g.syscallpc", "g.atomicstatus", "g.goid", "g.waitsince", "g.waitreason", "g.gopc",
		"g.startpc", "g.lockedm", "m.procid", "m.gsignal", "m.curg", "m.ncgo", "m.alllink", "m.lockedg"}

	leafRow   = regexp.MustCompile(`(?m)^\t\{(\d+, \d+, \d+, \d+), &entryPC\[\d+\]\}`)
	leafEntry = regexp.MustCompile(`(?m)^LAYOUT\(·call.*?(\d+, \d+, \d+, \d+)\)$`) // in assembly, which repeats the offsets
	leafWords = []string{"g.syscallsp", "g.syscallpc", "m.curg", "m.ncgo"}

	// What both take for granted of every version.
	fixed = map[string]int64{"g.stack": 0, "g.stackguard0": 16, "g.m": 48, "g.sched": 56, "gobuf.sp": 0, "gobuf.pc": 8, "m.g0": 0}
)

// A table has the files that repeat the offsets.
type table struct {
	stack, leaf string
	entries     map[string]string // by CPU
}

func read(t *testing.T) table {
	text := func(path string) string {
		data, err := os.ReadFile(filepath.Join(suite.Root(t), path))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	return table{text(stackTable), text(leafTable),
		map[string]string{"amd64": text("go/leaf/entry_amd64.s"), "arm64": text("go/leaf/entry_arm64.s")}}
}

// A row of the table of rcgo stack.
type row struct {
	since, until int
	members      map[string]int64
}

func (tab table) rows() (rows []row) {
	for _, m := range stackRow.FindAllStringSubmatch(tab.stack, -1) {
		words := strings.Split(m[1], ", ")
		if len(words) != 2+len(stackWords) {
			continue
		}
		r := row{members: map[string]int64{}}
		r.since, _ = strconv.Atoi(words[0])
		r.until, _ = strconv.Atoi(words[1])
		for i, name := range stackWords {
			r.members[name], _ = strconv.ParseInt(words[2+i], 10, 64)
		}
		rows = append(rows, r)
	}
	return rows
}

// offsets joins the offsets of the named members as the rows have them.
func offsets(members map[string]int64, names []string) string {
	var words []string
	for _, name := range names {
		words = append(words, strconv.FormatInt(members[name], 10))
	}
	return strings.Join(words, ", ")
}

func set(pattern *regexp.Regexp, text string) map[string]bool {
	found := map[string]bool{}
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	return found
}

// differ returns an error unless both sets have the same rows, one at least.
func differ(what string, have, want map[string]bool) error {
	for one := range want {
		if !have[one] {
			return fmt.Errorf("%s has no row %s", what, one)
		}
	}
	if len(have) != len(want) || len(have) == 0 {
		return fmt.Errorf("%s has the rows %v, not %v", what, have, want)
	}
	return nil
}

// agree: the leaf calls have the rows of rcgo stack, and their assembly those of the leaf calls.
func (tab table) agree() error {
	known := map[string]bool{}
	for _, r := range tab.rows() {
		known[offsets(r.members, leafWords)] = true
	}
	leaf := set(leafRow, tab.leaf)
	err := differ(leafTable, leaf, known)
	for cpu, text := range tab.entries {
		if err == nil {
			err = differ("entry_"+cpu+".s", set(leafEntry, text), leaf)
		}
	}
	return err
}

// leafFits: the leaf calls have a row for a toolchain.
func (tab table) leafFits(members map[string]int64) error {
	if row := offsets(members, leafWords); !set(leafRow, tab.leaf)[row] {
		return fmt.Errorf("%s has no row %s", leafTable, row)
	}
	return nil
}

// stackFits: a row of rcgo stack is that of a toolchain of this minor version. Layouts change within a minor version too.
func (tab table) stackFits(minor int, members map[string]int64) error {
	for name, want := range fixed {
		if got, ok := members[name]; !ok || got != want {
			return fmt.Errorf("%s is at %d (found: %v), not at %d", name, got, ok, want)
		}
	}
	for _, name := range stackWords {
		if _, ok := members[name]; !ok {
			return fmt.Errorf("there is no %s", name)
		}
	}
	want := offsets(members, stackWords)
	for _, r := range tab.rows() {
		if r.since <= minor && minor <= r.until && offsets(r.members, stackWords) == want {
			return nil
		}
	}
	return fmt.Errorf("%s has no row for Go 1.%d: want %s", stackTable, minor, want)
}

func TestTablesAgree(t *testing.T) {
	if err := read(t).agree(); err != nil {
		t.Error(err)
	}
}

func TestToolchains(t *testing.T) {
	out, err := suite.Command(t, nil, "tools/toolchains", "list").Output()
	roots := strings.Fields(string(out))
	if err != nil || len(roots) == 0 {
		t.Fatalf("tools/toolchains list: %v, %q", err, out)
	}
	tab := read(t)
	for _, root := range roots {
		for _, cpu := range []string{"amd64", "arm64"} {
			t.Run(filepath.Base(root)+"/"+cpu, func(t *testing.T) {
				minor, members := debugMembers(t, root, cpu)
				report := func(name string, err error) {
					t.Run(name, func(t *testing.T) {
						if err != nil {
							t.Error(err)
						}
					})
				}
				report("stack", tab.stackFits(minor, members))
				report("leaf", tab.leafFits(members))
				// Another number in the row of this toolchain must be noticed.
				t.Run("wrong", func(t *testing.T) {
					ncgo := fmt.Sprint(", ", members["m.ncgo"], ",")
					wrong := tab
					wrong.stack = strings.ReplaceAll(tab.stack, ncgo, ", 999,")
					if wrong.stackFits(minor, members) == nil || wrong.agree() == nil {
						t.Errorf("a wrong offset in %s is not noticed", stackTable)
					}
					wrong = tab
					wrong.leaf = strings.ReplaceAll(tab.leaf, ncgo, ", 999,")
					if wrong.leafFits(members) == nil || wrong.agree() == nil {
						t.Errorf("a wrong offset in %s is not noticed", leafTable)
					}
				})
			})
		}
	}
}

func TestWrongEntry(t *testing.T) {
	tab := read(t)
	text := tab.entries["arm64"]
	tab.entries["arm64"] = strings.Replace(text, "184, 328", "184, 332", 1)
	if tab.entries["arm64"] == text || tab.agree() == nil {
		t.Error("a wrong offset in assembly is not noticed")
	}
}

// debugMembers builds an empty program and returns the minor version of Go and the offsets of the members of g, m and gobuf.
func debugMembers(t *testing.T, root, cpu string) (minor int, members map[string]int64) {
	dir := t.TempDir()
	source, program := filepath.Join(dir, "main.go"), filepath.Join(dir, "main")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := func(args ...string) string {
		cmd := exec.Command(filepath.Join(root, "bin", "go"), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOENV=off", "GOFLAGS=", "GOWORK=off", "GO111MODULE=on",
			"GOROOT=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+cpu)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	if _, err := fmt.Sscanf(command("env", "GOVERSION"), "go1.%d", &minor); err != nil {
		t.Fatal(err)
	}
	command("build", "-o", program, source)
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	members = map[string]int64{}
	owner := ""
	for reader := data.Reader(); ; {
		e, err := reader.Next()
		if err != nil || e == nil {
			return minor, members
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagCompileUnit:
		case dwarf.TagStructType:
			owner = strings.TrimPrefix(name, "runtime.")
			if owner != "g" && owner != "m" && owner != "gobuf" || owner == name {
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
