// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// goBuild is where the go command says that its C files were compiled.
const goBuild = "/tmp/go-build"

// checkCarried: what rcgo carries as assembly exports the contract together with the little that
// stays C, by gcc's assembler and by clang's, and each object has what an object of gcc's has.
func (t *tree) checkCarried(c *check, p platform) {
	dir, ok := t.carried(c)
	if !ok || !needs(c, gccFor(p.arch), "clang") {
		return
	}
	for _, cc := range [][]string{{gccFor(p.arch)}, clangFor(p.arch)} {
		t.assembleCarried(c, dir, cc, p)
	}
}

func (t *tree) assembleCarried(c *check, dir string, cc []string, p platform) {
	groups, _ := filepath.Glob(filepath.Join(dir, "gcc_rcgo_*_"+p.os+".S"))
	if len(groups) == 0 {
		c.bad(amalgamate, 0, "makes no assembly")
		return
	}
	files := append([]string{t.shapes(dir, p)[0], filepath.Join(dir, "gcc_rcgo_"+p.arch+".S")}, groups...)
	var all []objSym
	for i, file := range files {
		stem, err := t.compile(cc, file, "-O2", "-g", "-fPIC", "-I"+dir)
		if !failures(c, []unit{{file, stem, err}}) {
			return
		}
		syms, err := objSymbols(stem + ".o")
		if err != nil {
			c.bad(file, 0, "%v", err)
			return
		}
		all = append(all, syms...)
		if i >= 2 {
			t.checkObject(c, filepath.Base(file)+" by "+cc[0]+" for "+p.arch, stem+".o", syms, p)
		}
	}
	ours := func(name string) bool { return strings.HasPrefix(name, "rcgo_") }
	t.compare(c, "the carried assembly for "+p.arch, all, ours, "")
}

// property is the note that says which branches land on marked places only.
var property = map[string][]byte{
	"amd64": {2, 0, 0, 0xc0, 4, 0, 0, 0, 3, 0, 0, 0}, // IBT and shadow stack
	"arm64": {0, 0, 0, 0xc0, 4, 0, 0, 0, 1, 0, 0, 0}, // BTI
}

// checkObject: unwind information, no stack that is code, the note, names of libc's that every libc
// has, and debug information of the files that a reader knows.
func (t *tree) checkObject(c *check, what, path string, syms []objSym, p platform) {
	f, err := elf.Open(path)
	if err != nil {
		c.bad("", 0, "%s: %v", what, err)
		return
	}
	defer f.Close()
	if s := f.Section(".eh_frame"); s == nil || s.Size < 100 {
		c.bad("", 0, "%s: no unwind information", what)
	}
	if s := f.Section(".note.GNU-stack"); s == nil || s.Flags&elf.SHF_EXECINSTR != 0 {
		c.bad("", 0, "%s: its stack would be executable", what)
	}
	s := f.Section(".note.gnu.property")
	if s == nil {
		c.bad("", 0, "%s: no property note", what)
	} else if data, _ := s.Data(); !bytes.Contains(data, property[p.arch]) {
		c.bad("", 0, "%s: the property note says % x", what, data)
	}
	for _, s := range syms {
		// What a header makes of a name (__read_chk, __isoc23_strtol) is not in every libc.
		if !s.defined && strings.HasPrefix(s.name, "__") && s.name != "__errno_location" {
			c.bad("", 0, "%s: wants %s, which is a private name of one libc or compiler", what, s.name)
		}
	}
	t.checkDebug(c, what, f)
}

func (t *tree) checkDebug(c *check, what string, f *elf.File) {
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
	if dir, _ := unit.Val(dwarf.AttrCompDir).(string); dir != goBuild {
		c.bad("", 0, "%s: debug information names the directory %q, not %s", what, dir, goBuild)
	}
	lines, err := data.LineReader(unit)
	if err != nil || lines == nil {
		c.bad("", 0, "%s: no line numbers: %v", what, err)
		return
	}
	named := 0
	for _, file := range lines.Files() {
		if file == nil {
			continue
		}
		if i := strings.Index(file.Name, "runtime_cgo/"); i >= 0 {
			named++
			if !t.has(file.Name[i+len("runtime_cgo/"):]) {
				c.bad("", 0, "%s: line numbers of %s, which is not there", what, file.Name)
			}
		}
	}
	if named == 0 {
		c.bad("", 0, "%s: line numbers name no file of ours", what)
	}
}

// derivedName begins with a hash.
var derivedName = regexp.MustCompile(`^[0-9a-f]{16}-`)

// checkRcgo: what bin/rcgo lays is what the sources at hand make, byte for byte.
func checkRcgo(t *tree, c *check) {
	if !t.has("bin/rcgo") {
		c.bad("bin/rcgo", 0, "is not built; run make first")
		return
	}
	dir, ok := t.carried(c)
	if !ok || !needs(c, "go", "gcc") {
		return
	}
	cache, err := os.MkdirTemp("", "gate")
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	defer os.RemoveAll(cache)
	cmd := exec.Command(t.path("bin/rcgo"), "overlay", "-o", filepath.Join(cache, "o.json"))
	cmd.Env = append(os.Environ(), "RCGO_CACHE="+cache, "CGO_ENABLED=1", "GOFLAGS=", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.bad("bin/rcgo", 0, "overlay: %v\n%s", err, out)
		return
	}
	laid, _ := filepath.Glob(filepath.Join(cache, "src-*", "*"))
	want := map[string]bool{}
	made, _ := filepath.Glob(filepath.Join(dir, "*.*"))
	for _, file := range made {
		want[filepath.Base(file)] = true
	}
	for _, file := range laid {
		name := filepath.Base(file)
		if derivedName.MatchString(name) {
			continue // made of a file of GOROOT's
		}
		have, err := os.ReadFile(file)
		fresh, err2 := os.ReadFile(filepath.Join(dir, name))
		if err != nil || err2 != nil || !bytes.Equal(have, fresh) {
			c.bad("bin/rcgo", 0, "carries a %s that is not made from the sources at hand; run make", name)
		}
		delete(want, name)
	}
	delete(want, "symbols.txt")
	for name := range want {
		if !strings.HasPrefix(name, ".") {
			c.bad("bin/rcgo", 0, "does not carry %s", name)
		}
	}
}
