// SPDX-License-Identifier: BSD-3-Clause

package main

import "strings"

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
	units, ok := t.separateUnits(c, p)
	asm, assembled := t.compile(c, "separate-"+p.arch, t.sourcesFor(p, ".S"))
	if !ok || !assembled || len(asm) == 0 {
		c.bad("runtime", 0, "no C or no assembly for %s/%s", p.os, p.arch)
		return
	}
	var all []objSym
	for _, u := range append(units, asm...) {
		if partOf(u.src) != "target" { // a part of the C library alone
			all = append(all, t.symbolsIn(c, u)...)
		}
	}
	ours := func(name string) bool { return strings.HasPrefix(name, "rcgo_") }
	t.compare(c, "the sources for "+p.arch+", each file on its own", all, ours, "")
}

func (t *tree) checkGroups(c *check, p platform) {
	if !needs(c, gccFor(p.arch)) {
		return
	}
	asm, ok := t.compile(c, "separate-"+p.arch, t.sourcesFor(p, ".S"))
	for variant, common := range map[string]string{"group-": "", "group-O0-": "", "group-tsan-": "_cgo_sync"} {
		units, compiled := t.compile(c, variant+p.arch, t.groups(c, p))
		if !ok || !compiled {
			return
		}
		var all []objSym
		wanted := map[string]bool{} // by another object
		for _, u := range append(units, asm...) {
			for _, s := range t.symbolsIn(c, u) {
				wanted[s.name] = wanted[s.name] || !s.defined
				all = append(all, s)
			}
		}
		t.compare(c, "the groups ("+variant+p.arch+")", all,
			func(name string) bool {
				return strings.HasPrefix(name, "rcgo_") && (wanted[name] || common != "")
			}, common)
	}
}
