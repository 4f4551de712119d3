// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"path/filepath"
	"runtime"
	"strings"
)

// leaks are names that a stock runtime/cgo exports besides its contract, in one version of Go or
// another: a user's C code that defines one of them does not link there, and must with ours.
var leaks = words("fatalf threadentry crosscall1 crosscall_amd64 x_cgo_inittls x_cgo_threadentry_platform " +
	"_cgo_try_pthread_create _cgo_sys_thread_start _cgo_get_context_function _cgo_get_traceback_function " +
	"_cgo_get_symbolizer_function _cgo_set_stacklo")

// invariantsOfSymbols: the objects export exactly the contract, in each variant.
func invariantsOfSymbols() []invariant {
	var out []invariant
	for _, p := range platforms {
		p := p
		out = append(out,
			invariant{"separate-" + p.arch, func(t *tree, c *check) { t.checkSeparate(c, p) }},
			invariant{"groups-" + p.arch, func(t *tree, c *check) { t.checkGroups(c, p) }},
			invariant{"lines-" + p.arch, func(t *tree, c *check) { t.checkLines(c, p) }})
	}
	return out
}

// compare holds what objects export against the contract.
func (t *tree) compare(c *check, where string, syms []objSym, hiddenOK func(string) bool, common string) {
	want := map[string]symbol{}
	for _, s := range t.contract(c) {
		want[s.name] = s
	}
	for _, s := range syms {
		_, known := want[s.name]
		switch {
		case !s.defined:
		case known && s.hidden:
			c.bad(where, 0, "%s is hidden, so Go cannot import it", s.name)
			delete(want, s.name)
		case known:
			delete(want, s.name)
		case s.common && s.name == common:
		case !s.hidden && leaks[s.name]:
			c.bad(where, 0, "%s leaks, as in the stock runtime/cgo: a program that defines it does not link", s.name)
		case !s.hidden:
			c.bad(where, 0, "%s is exported but not in %s (static or RCGO_INTERN?)", s.name, contractFile)
		case !hiddenOK(s.name):
			c.bad(where, 0, "%s is hidden, but a global name all the same: make it static", s.name)
		}
	}
	for name, s := range want {
		if common != "" && s.forC() {
			continue
		}
		c.bad(contractFile, s.line, "%s is not exported by %s", name, where)
	}
}

func (t *tree) checkSeparate(c *check, p platform) {
	units, ok := t.graphUnits(c, p)
	asm := t.sourcesFor(p, ".S")
	if !ok || len(asm) == 0 {
		c.bad("runtime", 0, "no C or no assembly for %s/%s", p.os, p.arch)
		return
	}
	units = append(units, t.compileAll([]string{gccFor(p.arch)}, asm, t.strict()...)...)
	if !failures(c, units) {
		return
	}
	var all []objSym
	for _, u := range units {
		if partOf(u.src) == "target" { // a part of the C library alone
			continue
		}
		syms, err := objSymbols(u.stem + ".o")
		if err != nil {
			c.bad(u.src, 0, "%v", err)
		}
		all = append(all, syms...)
	}
	ours := func(name string) bool { return strings.HasPrefix(name, "rcgo_") }
	t.compare(c, "the sources for "+p.arch+", each file on its own", all, ours, "")
}

func (t *tree) checkGroups(c *check, p platform) {
	dir, ok := t.payload(c)
	if !ok || !needs(c, gccFor(p.arch)) {
		return
	}
	variants := [][]string{t.objectFlags()}
	if p.arch == runtime.GOARCH {
		variants = append(variants, []string{"-O0"}, []string{"-O0", "-fsanitize=thread"})
	}
	files := append(t.groups(dir, p), filepath.Join(dir, "gcc_rcgo_"+p.arch+".S"))
	for _, variant := range variants {
		var units []unit
		for _, file := range files {
			units = append(units, t.compilePayload([]string{gccFor(p.arch)}, dir, file, variant...))
		}
		if !failures(c, units) {
			return
		}
		var all []objSym
		wanted := map[string]bool{} // by another object
		for _, u := range units {
			syms, err := objSymbols(u.stem + ".o")
			if err != nil {
				c.bad(u.src, 0, "%v", err)
				return
			}
			for _, s := range syms {
				wanted[s.name] = wanted[s.name] || !s.defined
			}
			all = append(all, syms...)
		}
		common := ""
		if contains(variant, "-fsanitize=thread") {
			common = "_cgo_sync"
		}
		t.compare(c, "the groups ("+variant[0]+")", all,
			func(name string) bool {
				return strings.HasPrefix(name, "rcgo_") && (wanted[name] || common != "")
			}, common)
	}
}
