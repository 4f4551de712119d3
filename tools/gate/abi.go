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

// gateABI holds the contract and the GO: lines against every GOROOT at hand.
func gateABI(t *tree) {
	c := newCheck("abi/goroots")
	var roots []gorootInfo
	if needs(c, "go") {
		roots = goroots(t, c)
	}
	t.end(c)
	checkImports(t, roots)
	checkMirrors(t, roots)
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
func checkImports(t *tree, roots []gorootInfo) {
	for _, p := range platforms {
		c := newCheck("abi/imports-" + p.arch)
		contract := t.contract(c)
		known := map[string]symbol{}
		for _, s := range contract {
			known[s.name] = s
		}
		for _, g := range roots {
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
				if s.by == "cmd/cgo" {
					imported = g.generates(s.name)
				}
				if imported != s.in(g.minor) {
					c.bad(contractFile, s.line, "%s: the go column says %s, but Go 1.%d %s it", s.name,
						rangeText(s), g.minor, map[bool]string{true: "imports", false: "does not import"}[imported])
				}
			}
		}
		t.end(c)
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
	asked        int // how many GOROOTs had to have it
}

var (
	mirrorLine   = regexp.MustCompile(`^[/* \t]*GO: (.*)$`)
	mirrorStruct = regexp.MustCompile(`^(\S+\.go) struct (\w+):((?: \w+)+)( \.\.\.)?$`)
	mirrorConst  = regexp.MustCompile(`^(\S+\.go) (\w+)(?: =)? (\[?[-\w]+\]?)$`)
	mirrorRange  = regexp.MustCompile(` \(go ([-.\d]+)\)$`)
)

// mirrors gathers the GO: lines of src/ and include/.
func (t *tree) mirrors(c *check) []*mirror {
	var out []*mirror
	paths := append(append(t.srcC(), t.srcH()...), append(t.srcS(), t.glob("include/*.h")...)...)
	for _, src := range t.parse(paths) {
		for _, tok := range src.toks {
			if tok.kind != tokComment {
				continue
			}
			for i, line := range strings.Split(tok.text, "\n") {
				if m := mirrorLine.FindStringSubmatch(line); m != nil {
					if mir := parseMirror(c, src, tok.line+i, strings.TrimSpace(m[1])); mir != nil {
						out = append(out, mir)
					}
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

// checkMirrors compares each GO: line with each GOROOT, and with the C that stands below it.
func checkMirrors(t *tree, roots []gorootInfo) {
	c := newCheck("abi/mirrors")
	list := t.mirrors(c)
	if len(list) == 0 {
		c.bad("src/abi", 0, "has no GO: line; what holds its layouts to Go's?")
	}
	var asserts []assertion
	for _, m := range list {
		for _, g := range roots {
			if g.minor < m.since || m.until >= 0 && g.minor > m.until {
				continue
			}
			m.asked++
			pkg := openGoFile(g.dir, m.file)
			if m.isStruct {
				asserts = append(asserts, checkStruct(c, m, g, pkg)...)
			} else {
				asserts = append(asserts, checkConst(c, m, g, pkg)...)
			}
		}
		if m.asked == 0 && len(roots) > 0 && roots[len(roots)-1].minor >= m.since && roots[0].minor <= m.since {
			c.bad(m.src.path, m.line, "no GOROOT at hand has Go 1.%d, so nothing holds this line", m.since)
		}
	}
	t.end(c)
	for _, p := range platforms {
		l := newCheck("abi/layouts-" + p.arch)
		t.compileAsserts(l, p, asserts)
		t.end(l)
	}
}
