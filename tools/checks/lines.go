// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/dwarf"
	"debug/elf"
	"io"
	"path/filepath"
	"strings"
)

// payloadName is what the line tables of a program call the root of this tree.
const payloadName = "runtime_cgo/"

// checkLines: debug information of the groups names our files and lines that they have, by gcc
// and by clang.
func (t *tree) checkLines(c *check, p platform) {
	if !needs(c, gccFor(p.arch), "clang") {
		return
	}
	for _, variant := range []string{"group-", "clang-lines-"} {
		units, _ := t.compile(c, variant+p.arch, t.groups(c, p))
		for _, u := range units {
			t.checkObject(c, variant+filepath.Base(u.src), t.path(u.stem+".o"))
		}
	}
}

func (t *tree) checkObject(c *check, what, path string) {
	f, err := elf.Open(path)
	if err != nil {
		c.bad("", 0, "%s: %v", what, err)
		return
	}
	defer f.Close()
	if s := f.Section(".note.GNU-stack"); s == nil || s.Flags&elf.SHF_EXECINSTR != 0 {
		c.bad("", 0, "%s: its stack would be executable", what)
	}
	data, err := f.DWARF()
	if err != nil {
		c.bad("", 0, "%s: %v", what, err)
		return
	}
	unit, err := data.Reader().Next()
	if err != nil || unit == nil || unit.Tag != dwarf.TagCompileUnit {
		c.bad("", 0, "%s: no debug information: %v", what, err)
		return
	}
	lines, err := data.LineReader(unit)
	if err != nil || lines == nil {
		c.bad("", 0, "%s: no line numbers: %v", what, err)
		return
	}
	named := 0
	last := map[string]int{} // the highest line of each file
	var at dwarf.LineEntry
	for err = lines.Next(&at); err == nil; err = lines.Next(&at) {
		if at.File == nil {
			continue
		}
		if i := strings.Index(at.File.Name, payloadName); i >= 0 && at.Line > last[at.File.Name[i+len(payloadName):]] {
			last[at.File.Name[i+len(payloadName):]] = at.Line
		}
	}
	if err != io.EOF {
		c.bad("", 0, "%s: line numbers: %v", what, err)
	}
	for name, line := range last {
		named++
		if have := strings.Count(t.read(name), "\n"); line > have {
			c.bad("", 0, "%s: names line %d of %s, which has %d", what, line, name, have)
		}
	}
	if named == 0 {
		c.bad("", 0, "%s: line numbers name no file of ours", what)
	}
}
