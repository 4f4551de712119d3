// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os/exec"
	"strings"
)

// checkHeaders: each header compiles alone, and included twice.
func checkHeaders(t *tree, c *check) {
	if needs(c, "gcc") {
		for _, rel := range append(t.srcH(), t.glob("include/*.h")...) {
			if strings.HasPrefix(rel, "runtime/arch/") {
				continue // the assembler's
			}
			if strings.HasSuffix(rel, "_freebsd.h") {
				continue // needs that system's headers
			}
			src := "#include \"" + rel + "\"\n#include \"" + rel + "\"\nextern int x;\n"
			args := append(t.strict("-Wno-unused-function", "-fsyntax-only", "-I."), t.makeFlags("CSTD")...)
			args = append(append(args, t.includes()...), "-x", "c", "-")
			cmd := exec.Command("gcc", args...)
			cmd.Dir = t.root
			cmd.Stdin = strings.NewReader(src)
			if out, err := cmd.CombinedOutput(); err != nil {
				c.bad(rel, 0, "does not compile on its own:\n%s", firstErrors(string(out)))
			}
		}
	}
}

// compileClean compiles the sources with every warning as an error, alone and in groups, and with the sanitizers
// that have code of their own.
func (t *tree) compileClean(c *check, cc []string, p platform) {
	// The optimizer has warnings of its own: those of gcc, for the groups, are enough.
	quick := t.strict("-O2", syntaxOnly)
	quick = quick[:len(quick):len(quick)]
	whole := quick
	if cc[0] == gccFor(p.arch) {
		whole = t.objectFlags()
		t.graphUnits(c, p)
	} else {
		failures(c, t.compileAll(cc, t.sourcesFor(p, ".c"), quick...))
	}
	failures(c, t.compileAll(cc, t.sourcesFor(p, ".S"), t.strict()...))

	dir, ok := t.payload(c)
	if !ok {
		return
	}
	variants := [][]string{whole, append(quick, "-O0"), append(quick, "-fsanitize=thread")}
	if cc[0] == "clang" {
		variants = append(variants, append(quick, "-fsanitize=memory"))
	}
	for _, flags := range variants {
		for _, file := range t.groups(dir, p) {
			failures(c, []unit{t.compilePayload(cc, dir, file, flags...)})
		}
	}
}

// checkCommand compiles the command with every warning as an error, by gcc and by clang. Files that need headers of
// FreeBSD are left out: see make freebsd.
func checkCommand(t *tree, c *check) {
	flags := t.strict("-O2", "-D_GNU_SOURCE", "-DRCGO_VERSION=\"0\"", "-DRCGO_MODULE=\"m.example\"", "-Icmd/rcgo")
	var files []string
	for _, file := range t.glob("cmd/*/*.c") {
		if !strings.Contains(t.read(file), "<sys/sysctl.h>") {
			files = append(files, file)
		}
	}
	for _, cc := range []string{"gcc", "clang"} {
		if cc == "clang" {
			flags = append(flags, syntaxOnly)
		}
		if needs(c, cc) {
			failures(c, t.compileAll([]string{cc}, files, flags...))
		}
	}
}
