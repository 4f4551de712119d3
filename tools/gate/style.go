// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	maxColumns  = 100
	maxFile     = 300
	maxFunction = 50
	maxHeader   = 4
)

func gateStyle(t *tree) {
	files := t.tracked()
	checkFormat(t, files)
	checkText(t, files)
	checkShape(t, files)
	checkConditionals(t)
	checkShell(t, files)
	checkGo(t, files)
	checkWarnings(t)
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

func checkFormat(t *tree, files []string) {
	c := newCheck("style/format")
	if needs(c, "clang-format") {
		list := withExt(files, ".c", ".h")
		for len(list) > 0 {
			n := min(len(list), 20)
			cmd := exec.Command("clang-format", append([]string{"--dry-run", "-Werror"}, list[:n]...)...)
			cmd.Dir = t.root
			out, err := cmd.CombinedOutput()
			if err != nil {
				for _, line := range strings.Split(firstErrors(string(out)), "\n") {
					c.bad("", 0, "%s (make fmt)", line)
				}
			}
			list = list[n:]
		}
	}
	t.end(c)
}

// hostPath finds absolute paths of one machine; spelled in pieces, or this file would name them.
var hostPath = regexp.MustCompile("(?:^|[\\s=:(`\"'])(/wo" + "rk/|/opt/go" + "tc|/ro" + "ot/)")

// checkText looks at the lines of every text file.
func checkText(t *tree, files []string) {
	c := newCheck("style/text")
	for _, f := range files {
		text := t.read(f)
		if text == "" || strings.ContainsRune(text, 0) {
			continue
		}
		ext := filepath.Ext(f)
		isC := ext == ".c" || ext == ".h" || ext == ".S"
		if !strings.HasSuffix(text, "\n") {
			c.bad(f, 0, "does not end in a newline")
		}
		for i, line := range strings.Split(text, "\n") {
			if m := hostPath.FindStringSubmatch(line); m != nil {
				c.bad(f, i+1, "names a path of one machine: %s", m[1])
			}
			if ext == ".patch" || ext == ".golden" {
				continue
			}
			if strings.TrimRight(line, " \t\r") != line && !(ext == ".md" && strings.HasSuffix(line, "  ")) {
				c.bad(f, i+1, "trailing space")
			}
			if max := maxColumnsOf(isC, isShell(f, text)); columns(line) > max {
				c.bad(f, i+1, "%d columns, over %d", columns(line), max)
			}
			indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
			if (isC || isShell(f, text)) && strings.Contains(indent, " \t") {
				c.bad(f, i+1, "a space before a tab")
			}
			if isC && strings.HasPrefix(indent, "  ") {
				c.bad(f, i+1, "indented by spaces")
			}
		}
	}
	t.end(c)
}

// maxColumnsOf: C is held to its formatter's width; shell scripts, which nothing wraps, to a
// little more, and prose and Go to none.
func maxColumnsOf(isC, isShell bool) int {
	switch {
	case isC:
		return maxColumns
	case isShell:
		return maxColumns + 20
	}
	return math.MaxInt32
}

func columns(line string) int {
	n := 0
	for _, r := range line {
		if r == '\t' {
			n = (n/8 + 1) * 8
		} else if r != utf8.RuneError {
			n++
		}
	}
	return n
}

func isShell(f, text string) bool {
	first := strings.SplitN(text, "\n", 2)[0]
	return filepath.Ext(f) == ".sh" || strings.HasPrefix(first, "#!") && strings.HasSuffix(first, "sh")
}

// checkShape: the size of files and functions, braces, and what stands at a file's top.
func checkShape(t *tree, files []string) {
	c := newCheck("style/shape")
	for _, f := range files {
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
			shapeC(c, t.source(f))
		}
	}
	t.end(c)
}

// fileTop gives the first lines of a file.
func fileTop(text string) string {
	lines := strings.SplitN(text, "\n", 13)
	return strings.Join(lines[:min(12, len(lines))], "\n")
}

func shapeC(c *check, src *csource) {
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
	body := d.toks
	for i := 0; i < len(body); i++ {
		next := i + 1
		switch body[i].text {
		case "if", "for", "while", "switch":
			if next >= len(body) || body[next].text != "(" {
				continue
			}
			next = closing(body, next) + 1
		case "else", "do":
		default:
			continue
		}
		if next >= len(body) {
			continue
		}
		text := body[next].text
		endOfDo := body[i].text == "while" && text == ";" && i > 0 && body[i-1].text == "}"
		if text != "{" && !(body[i].text == "else" && text == "if") && !endOfDo {
			c.bad(src.path, body[i].line, "%s without braces", body[i].text)
		}
	}
}

// checkConditionals: variants are whole files, or selectors at file scope.
func checkConditionals(t *tree) {
	c := newCheck("style/conditionals")
	for _, src := range t.parse(append(append(t.srcC(), t.srcH()...), t.glob("include/*.h")...)) {
		for _, d := range src.decls {
			if d.kind != declFuncDef {
				continue
			}
			for _, tok := range src.toks {
				if tok.kind != tokDirective || tok.line < d.line || tok.line > d.endLine {
					continue
				}
				switch directiveName(tok) {
				case "if", "ifdef", "ifndef", "elif", "else", "endif":
					c.bad(src.path, tok.line, "#%s inside %s: make it a file of its own, or a macro above", directiveName(tok), d.name)
				}
			}
		}
	}
	t.end(c)
}

var setU = regexp.MustCompile(`(?m)^set -(eu|u)`)

func checkShell(t *tree, files []string) {
	c := newCheck("style/shell")
	if needs(c, "shellcheck") {
		var list []string
		for _, f := range files {
			text := t.read(f)
			first := strings.SplitN(text, "\n", 2)[0]
			if isShell(f, text) && !strings.Contains(first, "zsh") {
				list = append(list, f)
				if !setU.MatchString(text) && !strings.Contains(text, "To be sourced") {
					c.bad(f, 1, "no set -eu (or set -u, where failures are counted)")
				}
			}
		}
		if len(list) > 0 {
			cmd := exec.Command("shellcheck", append([]string{"-x", "-f", "gcc", "--"}, list...)...)
			cmd.Dir = t.root
			if out, err := cmd.CombinedOutput(); err != nil {
				for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
					c.bad("", 0, "%s", line)
				}
			}
		}
	}
	t.end(c)
}

// checkGo: gofmt for every Go file, go vet for every module.
func checkGo(t *tree, files []string) {
	c := newCheck("style/go")
	list := withExt(files, ".go")
	if len(list) > 0 && needs(c, "gofmt", "go") {
		cmd := exec.Command("gofmt", append([]string{"-l"}, list...)...)
		cmd.Dir = t.root
		out, err := cmd.CombinedOutput()
		if err != nil {
			c.bad("", 0, "gofmt: %v\n%s", err, out)
		}
		for _, f := range strings.Fields(string(out)) {
			c.bad(f, 0, "is not as gofmt writes it")
		}
		for _, f := range files {
			if filepath.Base(f) == "go.mod" && !strings.Contains(f, "testdata/") {
				if err := t.vet(filepath.Dir(f)); err != nil {
					c.bad(f, 0, "%v", err)
				}
			}
		}
	}
	t.end(c)
}

func (t *tree) vet(dir string) error {
	cmd := exec.Command("go", "vet", "./...")
	cmd.Dir = t.path(dir)
	cmd.Env = append(cmd.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off", "GO111MODULE=on", "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go vet: %v\n%s", err, out)
	}
	return nil
}
