// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"path/filepath"
	"regexp"
	"strings"
)

var (
	ownCall       = regexp.MustCompile(`\b(rcgo__[a-z0-9_]+)\(`)
	ownDefinition = regexp.MustCompile(`(?m)^(?:#[ \t]*define[ \t]+|RCGO_ASM_BEGIN\()?(rcgo__[a-z0-9_]+)[(:)]`)
)

// Functions that files name in code which --without=signals leaves out, as on every system but Linux.
var onlyWithSignals = map[string]bool{
	"rcgo__frame_is_from_kernel": true,
	"rcgo__frame_relocate":       true,
}

// compareNames: each function of ours that the files of a platform call is defined in one of them, in
// a header or in assembly. It stands in for the linker where this machine has no compiler for the
// platform: a function that only a _linux.c file defines is found.
func (t *tree) compareNames(c *check, p platform) {
	files := t.sourcesFor(p, ".c")
	headers := append(t.srcH(), t.glob("include/*.h")...)
	defined := map[string]bool{}
	for _, rel := range append(append(append([]string{}, files...), headers...), t.srcS()...) {
		for _, m := range ownDefinition.FindAllStringSubmatch(t.read(rel), -1) {
			defined[m[1]] = true
		}
	}
	for _, rel := range files {
		for _, m := range ownCall.FindAllStringSubmatch(t.source(rel).code, -1) {
			if name := m[1]; !defined[name] && !onlyWithSignals[name] {
				c.bad(rel, 0, "calls %s, which no file for %s/%s defines: add it to a %s", name, p.os, p.arch,
					strings.TrimSuffix(filepath.Base(rel), ".c")+"_"+p.os+".c or its like")
				defined[name] = true
			}
		}
	}
}
