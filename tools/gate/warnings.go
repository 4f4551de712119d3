// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"path/filepath"
	"regexp"
	"strings"
)

// checkWarnings compiles src/ with every warning as an error: gcc and clang, both shapes, each
// platform, and with the sanitizers that have code of their own.
func checkWarnings(t *tree) {
	c := newCheck("style/flags")
	if m := regexp.MustCompile(`(?m)^WARN := (.*)$`).FindStringSubmatch(t.read("Makefile")); m == nil || m[1] != cWarn {
		c.bad("Makefile", 0, "WARN differs from the gate's (tools/gate/compile.go)")
	}
	t.end(c)

	for _, p := range platforms {
		for _, cc := range [][]string{{gccFor(p.arch)}, clangFor(p.arch)} {
			c := newCheck("style/warnings-" + filepath.Base(cc[0]) + "-" + p.arch)
			if needs(c, cc[0]) && needs(c, gccFor(p.arch)) {
				t.compileClean(c, cc, p)
			}
			t.end(c)
		}
	}
}

func (t *tree) compileClean(c *check, cc []string, p platform) {
	flags := append(strings.Fields(cWarn), "-Werror", "-O2")
	files, err := t.sourcesFor(p, ".c")
	asm, err2 := t.sourcesFor(p, ".S")
	if err != nil || err2 != nil || len(files) == 0 {
		c.bad("src", 0, "no files for %s/%s: %v %v", p.os, p.arch, err, err2)
		return
	}
	failures(c, t.compileAll(cc, append(files, asm...), flags...))

	dir, ok := t.payload(c)
	if !ok {
		return
	}
	one := filepath.Join(dir, "rcgo_"+p.os+"_"+p.arch+".c")
	shapes := [][]string{{}, {"-O0"}, {"-fsanitize=thread"}}
	if cc[0] == "clang" {
		shapes = append(shapes, []string{"-fsanitize=memory"})
	}
	for _, shape := range shapes {
		failures(c, []unit{t.compilePayload(cc, dir, one, append(append([]string{}, flags...), shape...)...)})
	}
}
