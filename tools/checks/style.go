// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	maxColumns  = 100
	maxFile     = 600
	maxFunction = 50
	maxHeader   = 12
)

func invariantsOfStyle() []invariant {
	out := []invariant{
		{"format", checkFormat},
		{"text", checkText},
		{"layout", checkLayout},
		{"conditionals", checkConditionals},
		{"shell", checkShell},
		{"go", checkGo},
		{"headers", checkHeaders},
		{"warnings-cmd", checkCommand},
	}
	for _, p := range platforms {
		for _, cc := range []string{"gcc", "clang"} {
			p, cc := p, cc
			out = append(out, invariant{"warnings-" + cc + "-" + p.arch, func(t *tree, c *check) {
				if needs(c, "go", gccFor(p.arch), cc) {
					t.checkWarnings(c, cc, p)
				}
			}})
		}
	}
	return out
}

func withExt(files []string, exts ...string) []string {
	var out []string
	for _, f := range files {
		for _, e := range exts {
			if filepath.Ext(f) == e {
				out = append(out, f)
			}
		}
	}
	return out
}

const formatVersion = "14"

// formatTool is the name of a clang-format of that version, or "".
func formatTool() string {
	for _, tool := range []string{"clang-format-" + formatVersion, "clang-format"} {
		out, err := exec.Command(tool, "--version").Output()
		if err == nil && strings.Contains(string(out), "version "+formatVersion+".") {
			return tool
		}
	}
	return ""
}

// checkFormat: C as clang-format writes it. Each of its versions has a view of its own on some lines; what
// the project is written in is formatVersion.
func checkFormat(t *tree, c *check) {
	if !needs(c, "clang-format") {
		return
	}
	if tool := formatTool(); tool != "" {
		t.complaints(c, "error:", []string{tool, "--dry-run", "-Werror"}, withExt(t.tracked(), ".c", ".h"))
	} else {
		c.skip = "clang-format is not of version " + formatVersion + ", which the project is written in"
	}
}

// complaints runs a tool on files and reports the lines of its output that have a word.
func (t *tree) complaints(c *check, word string, tool, files []string) {
	if len(files) == 0 || !needs(c, tool[0]) {
		return
	}
	cmd := exec.Command(tool[0], append(tool[1:len(tool):len(tool)], files...)...)
	cmd.Dir = t.root
	out, err := cmd.CombinedOutput()
	reported := false
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if line != "" && strings.Contains(line, word) {
			c.bad("", 0, "%s", line)
			reported = true
		}
	}
	if err != nil && !reported {
		c.bad("", 0, "%s: %v\n%s", tool[0], err, out)
	}
}

// checkLayout: the size of files and functions, braces, and what stands at a file's top.
func checkLayout(t *tree, c *check) {
	for _, f := range t.tracked() {
		text := t.read(f)
		ext := filepath.Ext(f)
		code := ext == ".c" || ext == ".h" || ext == ".S" || ext == ".go" || isShell(f, text)
		if !code || strings.Contains(f, "testdata/") {
			continue
		}
		top := strings.Join(strings.SplitN(text, "\n", 6)[:min(5, strings.Count(text, "\n")+1)], "\n")
		if !strings.Contains(top, "SPDX-License-Identifier: BSD-3-Clause") {
			c.bad(f, 1, "no SPDX-License-Identifier: BSD-3-Clause at its top")
		}
		lines := strings.Count(text, "\n")
		if lines > maxFile && !strings.Contains(fileTop(text), "Long because:") {
			c.bad(f, lines, "%d lines, over %d: split it, or say near its top: Long because: …", lines, maxFile)
		}
		if ext == ".c" || ext == ".h" {
			layoutC(c, t.source(f))
		}
	}
}

// fileTop gives the first lines of a file.
func fileTop(text string) string {
	lines := strings.SplitN(text, "\n", 13)
	return strings.Join(lines[:min(12, len(lines))], "\n")
}

func layoutC(c *check, src *csource) {
	header := 0
	for _, line := range strings.Split(fileHeader(src.text), "\n") {
		if strings.HasPrefix(line, "//go:build") {
			continue
		}
		if line == "" && header > 0 {
			break
		}
		if line != "" {
			header++
		}
	}
	if header > maxHeader && strings.HasSuffix(src.path, ".c") {
		c.bad(src.path, 1, "the comment at its top has %d lines, over %d", header, maxHeader)
	}
	for _, d := range src.decls {
		if d.kind != declFuncDef {
			continue
		}
		n := d.endLine - d.line + 1
		if n > maxFunction && !strings.Contains(d.comment, "Long because:") {
			c.bad(src.path, d.nameLine, "%s has %d lines, over %d: split it, or say above it: Long because: …", d.name, n, maxFunction)
		}
		braces(c, src, d)
	}
}

// braces: the body of if, else, for, while and do stands in braces.
func braces(c *check, src *csource, d *decl) {
	for _, m := range control.FindAllStringIndex(d.body, -1) {
		word, at := d.body[m[0]:m[1]], m[1]
		if word != "else" && word != "do" {
			at = closing(d.body, at+strings.IndexByte(d.body[at:], '(')) + 1
		}
		next := strings.TrimSpace(d.body[at:])
		endOfDo := word == "while" && strings.HasPrefix(next, ";") && strings.HasSuffix(strings.TrimSpace(d.body[:m[0]]), "}")
		if !strings.HasPrefix(next, "{") && !(word == "else" && strings.HasPrefix(next, "if")) && !endOfDo {
			c.bad(src.path, d.bodyLine+strings.Count(d.body[:m[0]], "\n"), "%s without braces", word)
		}
	}
}

var control = regexp.MustCompile(`\b(if|for|while|switch|else|do)\b`)

// checkConditionals: variants are whole files, or selectors at file scope.
func checkConditionals(t *tree, c *check) {
	for _, src := range t.parse(append(append(t.srcC(), t.srcH()...), t.glob("include/*.h")...)) {
		for _, d := range src.decls {
			if d.kind != declFuncDef {
				continue
			}
			for _, dir := range src.directives {
				if dir.line >= d.line && dir.line <= d.endLine && conditional[dir.name] {
					c.bad(src.path, dir.line, "#%s inside %s: make it a file of its own, or a macro above", dir.name, d.name)
				}
			}
		}
	}
}

var conditional = words("if ifdef ifndef elif else endif")

var setU = regexp.MustCompile(`(?m)^set -(eu|u)`)

func checkShell(t *tree, c *check) {
	var list []string
	for _, f := range t.tracked() {
		text := t.read(f)
		first := strings.SplitN(text, "\n", 2)[0]
		if isShell(f, text) && !strings.Contains(first, "zsh") {
			list = append(list, f)
			if !setU.MatchString(text) && !strings.Contains(text, "To be sourced") {
				c.bad(f, 1, "no set -eu (or set -u, where failures are counted)")
			}
		}
	}
	t.complaints(c, "", []string{"shellcheck", "-x", "-f", "gcc", "--"}, list)
}

// ofOthers are modules that want modules of others. Vet would compile all their C, which takes minutes: examples/test and
// make bench-heap vet them, with what they compile anyway.
var ofOthers = regexp.MustCompile(`^(examples|bench/heap)/`)

// checkGo: gofmt for every Go file, go vet for every module but those of ofOthers.
func checkGo(t *tree, c *check) {
	t.complaints(c, "", []string{"gofmt", "-l"}, withExt(t.tracked(), ".go"))
	for _, f := range t.tracked() {
		if filepath.Base(f) == "go.mod" && !strings.Contains(f, "testdata/") && !ofOthers.MatchString(f) && needs(c, "go") {
			if err := t.vet(filepath.Dir(f)); err != nil {
				c.bad(f, 0, "%v", err)
			}
		}
	}
}

func (t *tree) vet(dir string) error {
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = t.path(dir)
	cmd.Env = append(cmd.Environ(), "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go vet: %v\n%s", err, out)
	}
	return nil
}
