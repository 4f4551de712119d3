// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"go/build"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// invariantsOfABI hold the contract and the GO: lines against every GOROOT at hand.
func invariantsOfABI() []invariant {
	out := []invariant{{"mirrors", func(t *tree, c *check) { t.checkMirrors(c) }}}
	for _, p := range platforms {
		p := p
		out = append(out,
			invariant{"imports-" + p.arch, func(t *tree, c *check) { t.checkImports(c, p) }},
			invariant{"prototypes-" + p.arch, func(t *tree, c *check) { t.checkPrototypes(c, p) }},
			invariant{"layouts-" + p.arch, func(t *tree, c *check) {
				t.compileAsserts(c, p, t.checkMirrors(newCheck("")))
			}})
	}
	return out
}

var importStatic = regexp.MustCompile(`(?m)^//go:cgo_import_static\s+(\S+)`)

// imports gives the C symbols that runtime/cgo of a GOROOT imports on a platform.
func (g gorootInfo) imports(p platform) (map[string]string, error) {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = p.os, p.arch, true
	ctx.ReleaseTags = nil
	for i := 1; i <= g.minor; i++ {
		ctx.ReleaseTags = append(ctx.ReleaseTags, "go1."+strconv.Itoa(i))
	}
	dir := filepath.Join(g.dir, "src", "runtime", "cgo")
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	out := map[string]string{}
	for _, f := range files {
		match, err := ctx.MatchFile(dir, filepath.Base(f))
		if err != nil || !match || strings.HasSuffix(f, "_test.go") {
			continue
		}
		data, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		for _, m := range importStatic.FindAllStringSubmatch(string(data), -1) {
			out[m[1]] = filepath.Base(f)
		}
	}
	return out, err
}

// checkImports: what each Go version imports is in the contract, and the contract's columns say
// which versions do.
func (t *tree) checkImports(c *check, p platform) {
	if !needs(c, "go") {
		return
	}
	contract := t.contract(c)
	known := map[string]symbol{}
	for _, s := range contract {
		known[s.name] = s
	}
	overlay := ""
	for _, rel := range t.glob("runtime/overlay/*.go") {
		overlay += t.read(rel)
	}
	for _, g := range goroots(t, c) {
		imports, err := g.imports(p)
		if err != nil || len(imports) < 15 {
			c.bad("", 0, "runtime/cgo of %s imports %d symbols: that cannot be (%v)", g.dir, len(imports), err)
			continue
		}
		for name, file := range imports {
			if _, ok := known[name]; !ok {
				c.bad(contractFile, 0, "lacks %s, which Go 1.%d imports (runtime/cgo/%s)", name, g.minor, file)
			}
		}
		for _, s := range contract {
			_, imported := imports[s.name]
			switch s.by {
			case "cmd/cgo":
				imported = g.generates(s.name)
			case "overlay":
				imported = strings.Contains(overlay, "//go:cgo_import_static "+s.name+"\n")
			case "C", "libc":
				continue // whoever includes the public header, or libc's
			}
			if imported != s.in(g.minor) {
				c.bad(contractFile, s.line, "%s: the go column says %s, but Go 1.%d %s it", s.name,
					rangeText(s), g.minor, map[bool]string{true: "imports", false: "does not import"}[imported])
			}
		}
	}
}

// generates says whether cmd/cgo of a GOROOT writes code that calls a name.
func (g gorootInfo) generates(name string) bool {
	data, err := os.ReadFile(filepath.Join(g.dir, "src", "cmd", "cgo", "out.go"))
	return err == nil && regexp.MustCompile(`\b`+name+`\b`).Match(data)
}

func rangeText(s symbol) string {
	text := "1." + strconv.Itoa(s.since) + "-"
	if s.until >= 0 {
		text += "1." + strconv.Itoa(s.until)
	}
	return text
}

// A mirror is a GO: line.
type mirror struct {
	src          *csource
	line         int
	file, name   string
	value        string   // of a constant
	fields       []string // of a struct
	isStruct     bool
	prefix       bool // Go's struct has more fields
	since, until int
}

var (
	mirrorLine   = regexp.MustCompile(`^[/* \t]*GO: (.*)$`)
	mirrorStruct = regexp.MustCompile(`^(\S+\.go) struct (\w+):((?: \w+)+)( \.\.\.)?$`)
	mirrorConst  = regexp.MustCompile(`^(\S+\.go) (\w+)(?: =)? (\[?[-\w]+\]?)$`)
	mirrorRange  = regexp.MustCompile(` \(go ([-.\d]+)\)$`)
)

// mirrors gathers the GO: lines of backtrace/, runtime/ and include/.
func (t *tree) mirrors(c *check) []*mirror {
	var out []*mirror
	paths := append(append(t.srcC(), t.srcH()...), append(t.srcS(), t.glob("include/*.h")...)...)
	for _, src := range t.parse(paths) {
		for i, line := range src.lines {
			if m := mirrorLine.FindStringSubmatch(line); m != nil {
				if mir := parseMirror(c, src, i+1, strings.TrimSpace(m[1])); mir != nil {
					out = append(out, mir)
				}
			}
		}
	}
	return out
}

func parseMirror(c *check, src *csource, line int, text string) *mirror {
	m := &mirror{src: src, line: line, since: 0, until: -1}
	if r := mirrorRange.FindStringSubmatch(text); r != nil {
		since, until, err := parseRange(r[1])
		if err != nil {
			c.bad(src.path, line, "GO: %v", err)
			return nil
		}
		m.since, m.until = since, until
		text = strings.TrimSuffix(text, r[0])
	}
	if f := mirrorStruct.FindStringSubmatch(text); f != nil {
		m.file, m.name, m.isStruct = f[1], f[2], true
		m.fields, m.prefix = strings.Fields(f[3]), f[4] != ""
		return m
	}
	if f := mirrorConst.FindStringSubmatch(text); f != nil {
		m.file, m.name, m.value = f[1], f[2], f[3]
		return m
	}
	c.bad(src.path, line, "GO: wants FILE NAME VALUE, or FILE struct NAME: FIELD… [...], then (go RANGE) if not in all: %q", text)
	return nil
}

// checkMirrors compares each GO: line with each GOROOT, and gives what the C below it must satisfy.
// A line for a Go version that is not at hand waits for a machine that has it.
func (t *tree) checkMirrors(c *check) []assertion {
	if !needs(c, "go") {
		return nil
	}
	roots := goroots(t, c)
	list := t.mirrors(c)
	if len(list) == 0 {
		c.bad("runtime/abi", 0, "has no GO: line; what holds its layouts to Go's?")
	}
	var asserts []assertion
	for _, m := range list {
		for _, g := range roots {
			if g.minor < m.since || m.until >= 0 && g.minor > m.until {
				continue
			}
			f := openGoFile(g.dir, m.file)
			if m.isStruct {
				asserts = append(asserts, checkStruct(c, m, g, f)...)
			} else {
				asserts = append(asserts, checkConst(c, m, g, f)...)
			}
		}
	}
	return asserts
}
