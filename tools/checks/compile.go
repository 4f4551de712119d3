// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	amalgamate = "tools/amalgamate"
	payloadDir = "build/checks/payload"
)

// gccFor names the gcc that compiles for an architecture: the machine's own, or a cross compiler.
func gccFor(arch string) string {
	if arch == runtime.GOARCH {
		return "gcc"
	}
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch] + "-linux-gnu-gcc"
}

// make runs a target of tools/checks.mk. What it says is a finding.
func (t *tree) make(c *check, targets ...string) bool {
	t.making.Lock()
	defer t.making.Unlock()
	cmd := exec.Command("make", append([]string{"-f", "tools/checks.mk", "-ksj2", "--no-print-directory"}, targets...)...)
	cmd.Dir = t.root
	cmd.Env = append(os.Environ(), "MAKEFLAGS=", "MAKELEVEL=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.bad("", 0, "%s", out)
	}
	return err == nil
}

// A unit is one compiled file. stem is its object without ".o"; beside it lies what -fcallgraph-info writes.
type unit struct{ src, stem string }

// compile compiles files in a variant of tools/checks.mk.
func (t *tree) compile(c *check, variant string, files []string) ([]unit, bool) {
	var units []unit
	var targets []string
	for _, src := range files {
		u := unit{src, "build/checks/" + variant + "/" + strings.TrimSuffix(src, filepath.Ext(src))}
		units, targets = append(units, u), append(targets, u.stem+".o")
	}
	return units, t.make(c, targets...)
}

// groups gives the C files of the payload for a platform, one for each group of parts.
func (t *tree) groups(c *check, p platform) []string {
	if !t.make(c, payloadDir+"/.stamp") {
		return nil
	}
	return t.glob(payloadDir + "/rcgo_*_" + p.os + ".c")
}

// separateUnits compiles the sources of a platform by gcc, each on its own, with its call graph.
func (t *tree) separateUnits(c *check, p platform) ([]unit, bool) {
	if !needs(c, gccFor(p.arch)) {
		return nil, false
	}
	files := t.sourcesFor(p, ".c")
	if len(files) == 0 {
		c.bad("runtime", 0, "no files for %s/%s", p.os, p.arch)
		return nil, false
	}
	return t.compile(c, "separate-"+p.arch, files)
}

// groupUnits compiles the groups for a platform as Go would, with their call graphs.
func (t *tree) groupUnits(c *check, p platform) ([]unit, bool) {
	if !needs(c, gccFor(p.arch)) {
		return nil, false
	}
	return t.compile(c, "group-"+p.arch, t.groups(c, p))
}

// An objSym is a global symbol of an object file.
type objSym struct {
	name                          string
	defined, hidden, weak, common bool
}

// symbolsIn reads the global symbols of an object of any architecture.
func (t *tree) symbolsIn(c *check, u unit) []objSym {
	f, err := elf.Open(t.path(u.stem + ".o"))
	if err != nil {
		c.bad(u.src, 0, "%v", err)
		return nil
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		c.bad(u.src, 0, "%v", err)
	}
	var out []objSym
	for _, s := range syms {
		if bind := elf.ST_BIND(s.Info); bind != elf.STB_LOCAL && s.Name != "" {
			hidden := elf.ST_VISIBILITY(s.Other) != elf.STV_DEFAULT
			out = append(out, objSym{s.Name, s.Section != elf.SHN_UNDEF, hidden, bind == elf.STB_WEAK, s.Section == elf.SHN_COMMON})
		}
	}
	return out
}

// checkHeaders: each header compiles alone, and included twice.
func checkHeaders(t *tree, c *check) {
	var files []string
	for _, rel := range append(t.srcH(), t.glob("include/*.h")...) {
		// Those of the assembler, and those that need the headers of FreeBSD.
		if !strings.HasPrefix(rel, "runtime/arch/") && !strings.HasSuffix(rel, "_freebsd.h") {
			files = append(files, rel)
		}
	}
	if needs(c, "gcc") {
		t.compile(c, "header", files)
	}
}

// checkWarnings compiles the sources with every warning as an error, alone and in groups, and with the sanitizers
// that have code of their own.
func (t *tree) checkWarnings(c *check, cc string, p platform) {
	alone, grouped := "separate-", []string{"group-", "group-O0-", "group-tsan-"}
	if cc == "clang" {
		alone, grouped = "clang-", []string{"clang-", "clang-lines-", "clang-tsan-", "clang-msan-"}
	}
	t.compile(c, alone+p.arch, append(t.sourcesFor(p, ".c"), t.sourcesFor(p, ".S")...))
	for _, variant := range grouped {
		t.compile(c, variant+p.arch, t.groups(c, p))
	}
}

// checkCommand compiles the command by gcc and by clang. Files that need headers of FreeBSD are left out: see make
// freebsd.
func checkCommand(t *tree, c *check) {
	var files []string
	for _, file := range t.glob("cmd/*/*.c") {
		if !strings.Contains(t.read(file), "<sys/sysctl.h>") {
			files = append(files, file)
		}
	}
	if needs(c, "gcc", "clang") {
		t.compile(c, "cmd-gcc", files)
		t.compile(c, "cmd-clang", files)
	}
}
