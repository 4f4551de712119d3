// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"go/build"
	"path/filepath"
	"regexp"
	"strings"
)

// A proto is what the caller of a function must know: how many arguments, and is there a result.
type proto struct {
	params int
	result bool
	where  string
}

// protoOf reads the prototype of a function's declaration.
func protoOf(src *csource, d *decl) (proto, bool) {
	plain := flat(d.head)
	at := regexp.MustCompile(`\b` + d.name + `\s*\(`).FindStringIndex(plain)
	if at == nil {
		return proto{}, false
	}
	p := proto{where: src.path}
	args := strings.TrimSpace(plain[at[1]:closing(plain, at[1]-1)])
	if args != "" && args != "void" {
		p.params = 1
	}
	for i := 0; i < len(args); i++ {
		switch args[i] {
		case '(', '[':
			i = closing(args, i)
		case ',':
			p.params++
		}
	}
	p.result = strings.Contains(plain[:at[0]], "*") || !words(plain[:at[0]])["void"]
	return p, true
}

// stockProtos gives the prototypes of the functions that a GOROOT's own runtime/cgo defines.
func (g gorootInfo) stockProtos(p platform) map[string]proto {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = p.os, p.arch, true
	dir := filepath.Join(g.dir, "src", "runtime", "cgo")
	files, _ := filepath.Glob(filepath.Join(dir, "*.c"))
	out := map[string]proto{}
	for _, f := range files {
		if match, err := ctx.MatchFile(dir, filepath.Base(f)); err != nil || !match {
			continue
		}
		src := parseC(dir, filepath.Base(f))
		for _, d := range src.decls {
			if d.kind == declFuncDef && !d.static {
				if pr, ok := protoOf(src, d); ok {
					out[d.name] = pr
				}
			}
		}
	}
	return out
}

// checkPrototypes: an entry point takes no argument that a Go version does not pass, and
// returns something exactly if the stock function does. Go's assembly calls without a prototype,
// so no compiler would notice.
func (t *tree) checkPrototypes(c *check, p platform) {
	if !needs(c, "go") {
		return
	}
	ours := map[string]proto{}
	lines := map[string]int{}
	for _, src := range t.parse(t.srcC()) {
		for _, d := range src.decls {
			if d.kind == declFuncDef && !d.static && strings.HasPrefix(src.base, "x_cgo_") {
				if pr, ok := protoOf(src, d); ok {
					ours[d.name], lines[d.name] = pr, d.nameLine
				}
			}
		}
	}
	for _, g := range goroots(t, c) {
		stock := g.stockProtos(p)
		compared := 0
		for _, s := range t.contract(c) {
			theirs, known := stock[s.name]
			mine, defined := ours[s.name]
			if s.kind != "func" || !known || !defined {
				continue
			}
			compared++
			if mine.params > theirs.params {
				c.bad(mine.where, lines[s.name], "%s takes %d arguments, but Go 1.%d's (%s) %d: the rest would be garbage",
					s.name, mine.params, g.minor, theirs.where, theirs.params)
			}
			if mine.result != theirs.result {
				c.bad(mine.where, lines[s.name], "%s: one of ours and Go 1.%d's (%s) returns nothing", s.name, g.minor, theirs.where)
			}
		}
		if compared < 10 {
			c.bad("", 0, "only %d functions of %s could be compared", compared, g.dir)
		}
	}
}
