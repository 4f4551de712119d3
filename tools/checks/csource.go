// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"path/filepath"
	"strings"
)

// A declKind says what a declaration at file scope declares.
type declKind int

const (
	declOther declKind = iota
	declFuncDef
	declFuncProto
	declObject
	declType
)

// A decl is one declaration at file scope, or a static object inside a function.
type decl struct {
	kind       declKind
	name       string
	line       int // of its first token
	nameLine   int
	endLine    int
	bodyLine   int // of the opening brace of a function
	static     bool
	extern     bool
	mutable    bool
	inline     bool
	toks       []token // without comments and directives; a function's body included
	comment    string  // the comment block directly above, and comments on its lines
	commentRow int
}

// A csource is a parsed C file.
type csource struct {
	path  string // as shown in messages: from the root of the tree
	part  string // "signal" for runtime/signal/x.c; "" outside backtrace/ and runtime/
	base  string
	text  string
	toks  []token
	decls []*decl
}

func parseC(root, path string) (*csource, error) {
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		return nil, err
	}
	s := &csource{path: path, base: filepath.Base(path), text: string(data)}
	s.part = partOf(filepath.ToSlash(path))
	s.toks = lexC(s.text)
	s.split()
	return s, nil
}

// split cuts the token stream into declarations.
func (s *csource) split() {
	var code []token
	for _, t := range s.toks {
		if t.kind != tokComment && t.kind != tokDirective {
			code = append(code, t)
		}
	}
	start := 0
	for i := 0; i < len(code); i++ {
		switch code[i].text {
		case "(", "[":
			i = closing(code, i)
		case "{":
			if i > start && code[i-1].kind == tokString && code[start].text == "extern" {
				start = i + 1 // extern "C" {
				continue
			}
			end := closing(code, i)
			if isFuncHead(code[start:i]) {
				s.add(code[start:min(end+1, len(code))], i-start)
				start = end + 1
			}
			i = end
		case "}":
			start = i + 1 // the end of extern "C" {
		case ";":
			if i > start {
				s.add(code[start:i+1], -1)
			}
			start = i + 1
		}
	}
}

func min(a, b int) int {
	if a < b {
		return a
	}
	return b
}

// closing gives the index of the bracket that closes the one at i.
func closing(toks []token, i int) int {
	depth := 0
	for ; i < len(toks); i++ {
		switch toks[i].text {
		case "(", "[", "{":
			depth++
		case ")", "]", "}":
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return len(toks) - 1
}

// isFuncHead says whether the tokens before a brace are the head of a function's definition.
func isFuncHead(toks []token) bool {
	if len(toks) == 0 {
		return false
	}
	name := declName(toks)
	for i, t := range toks {
		if t.text == "=" || t.text == "typedef" {
			return false
		}
		if i > 0 && t.text == "(" && toks[i-1].text == name && name != "" {
			return true
		}
	}
	return false
}

// attributeEnd skips __attribute__((…)) and its like at i; it gives i when there is none.
func attributeEnd(toks []token, i int) int {
	switch toks[i].text {
	case "__attribute__", "__declspec", "_Alignas", "__asm__", "asm", "__typeof__", "typeof":
		if i+1 < len(toks) && toks[i+1].text == "(" {
			return closing(toks, i+1) + 1
		}
	}
	return i
}

// declName finds the name that a declaration declares: of a function the identifier before its
// parameters, of an object the last identifier before an initializer, dimensions or the end.
func declName(toks []token) string {
	last := ""
	for i := 0; i < len(toks); i++ {
		if j := attributeEnd(toks, i); j > i {
			i = j - 1
			continue
		}
		t := toks[i]
		switch {
		case t.kind == tokIdent:
			last = t.text
		case t.text == "{":
			i = closing(toks, i)
		case t.text == "(":
			if i+1 < len(toks) && toks[i+1].text == "*" {
				end := closing(toks, i)
				for _, u := range toks[i:end] {
					if u.kind == tokIdent && u.text != "const" && u.text != "_Atomic" {
						return u.text
					}
				}
			}
			if last == "_Atomic" && i+1 < len(toks) {
				i = closing(toks, i)
				continue
			}
			return last
		case t.text == "=" || t.text == "[" || t.text == ";":
			return last
		}
	}
	return last
}

func (s *csource) add(toks []token, body int) {
	d := &decl{toks: toks, line: toks[0].line, endLine: toks[len(toks)-1].lastRow}
	head := toks
	if body >= 0 {
		head = toks[:body]
		d.bodyLine = toks[body].line
	}
	d.name = declName(head)
	d.nameLine = d.line
	typedef, params, aggregate := false, false, false
	for i := 0; i < len(head); i++ {
		t := head[i]
		if t.text == d.name && d.name != "" {
			d.nameLine = t.line
			params = params || i+1 < len(head) && head[i+1].text == "("
		}
		switch t.text {
		case "static":
			d.static = true
		case "inline", "__inline__":
			d.inline = true
		case "extern":
			d.extern = true
		case "typedef":
			typedef = true
		case "struct", "union", "enum":
			aggregate = true
		case "(", "[":
			i = closing(head, i)
		case "{":
			i = closing(head, i)
		}
	}
	switch {
	case d.name == "_Static_assert" || d.name == "static_assert":
		d.kind = declOther
	case body >= 0:
		d.kind = declFuncDef
	case typedef:
		d.kind = declType
	case params:
		d.kind = declFuncProto
	case aggregate && !declaresObject(head):
		d.kind = declType
	case d.name == "" || len(head) < 3:
		d.kind = declOther
	default:
		d.kind = declObject
		d.mutable = isMutable(head, d.name)
	}
	d.comment, d.commentRow = s.commentFor(d)
	s.decls = append(s.decls, d)
	if body >= 0 {
		s.addStatics(toks[body:])
	}
}

// addStatics adds the static objects that a function's body declares.
func (s *csource) addStatics(body []token) {
	for i := 0; i < len(body); i++ {
		if body[i].text != "static" {
			continue
		}
		j := i
		for j < len(body) && body[j].text != ";" {
			if body[j].text == "{" || body[j].text == "(" {
				j = closing(body, j)
			}
			j++
		}
		s.add(body[i:min(j+1, len(body))], -1)
		i = j
	}
}

// commentFor gathers the comment block that ends on the line above a declaration and, unless it
// is a function's definition, the comments on its own lines.
func (s *csource) commentFor(d *decl) (string, int) {
	var parts []string
	row := d.line
	for i := len(s.toks) - 1; i >= 0; i-- {
		t := s.toks[i]
		if t.line >= d.line {
			continue
		}
		if t.kind != tokComment || t.lastRow != row-1 || !s.aloneOnLine(i) {
			if t.lastRow < row-1 || t.kind != tokComment {
				break
			}
			continue
		}
		parts = append([]string{t.text}, parts...)
		row = t.line
	}
	for _, t := range s.toks {
		if t.kind == tokComment && t.line >= d.line && t.line <= d.endLine && d.kind != declFuncDef {
			parts = append(parts, t.text)
		}
	}
	return strings.Join(parts, "\n"), row
}

func (s *csource) aloneOnLine(i int) bool {
	return i == 0 || s.toks[i-1].lastRow < s.toks[i].line
}
