// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"path/filepath"
	"regexp"
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
	line       int // of its first character
	nameLine   int
	endLine    int
	static     bool
	extern     bool
	mutable    bool
	head       string // what stands before a function's body, or all, without comments
	body       string
	bodyLine   int
	comment    string // the comment block directly above, and comments on its lines
	commentRow int
}

// A directive is a line of the preprocessor, with its continuation lines.
type directive struct {
	name, rest string
	line       int
}

// A csource is a parsed C file.
type csource struct {
	path       string // as shown in messages: from the root of the tree
	part       string // "signal" for runtime/signal/x.c; "" outside backtrace/ and runtime/
	base       string
	text       string
	lines      []string
	code       string // the text without comments, directives and what is in strings; each line keeps its number
	directives []directive
	decls      []*decl
}

var (
	commentOrString = regexp.MustCompile(`(?s)//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`)
	directiveLine   = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*(\w*)((?:\\\n|[^\n])*)`)
	notNewline      = regexp.MustCompile(`[^\n]`)
	withArguments   = regexp.MustCompile(`\b(?:__attribute__|__declspec|_Alignas|__asm__|asm|__typeof__|typeof|_Atomic)\s*\(`)
	aggregateBody   = regexp.MustCompile(`\b(struct|union|enum)\b[^{};]*\{\}`)
	pointerName     = regexp.MustCompile(`^\(\s*\*[\s(]*(?:(?:const|_Atomic)\s+)*(\w+)`)
	functionName    = regexp.MustCompile(`(\w+)\s*\(`)
	lastName        = regexp.MustCompile(`(\w+)[^\w]*$`)
	identifier      = regexp.MustCompile(`\b[A-Za-z_]\w*`)
	commentLine     = regexp.MustCompile(`^[ \t]*(//|/\*|\*)`)
	notDeclared     = words("struct union enum static extern const _Atomic RCGO_INTERN RCGO_SHARED")
	staticObject    = regexp.MustCompile(`\bstatic\s`)
)

// parseC parses a file. One that cannot be read has no text.
func parseC(root, path string) *csource {
	data, _ := os.ReadFile(filepath.Join(root, path))
	s := &csource{path: path, base: filepath.Base(path), part: partOf(filepath.ToSlash(path)), text: string(data)}
	s.lines = strings.Split(s.text, "\n")
	blank := func(text string) string { return notNewline.ReplaceAllString(text, " ") }
	plain := commentOrString.ReplaceAllStringFunc(s.text, func(m string) string {
		if m[0] == '/' {
			return blank(m)
		}
		return m
	})
	for _, m := range directiveLine.FindAllStringSubmatchIndex(plain, -1) {
		s.directives = append(s.directives, directive{plain[m[2]:m[3]], strings.TrimSpace(plain[m[4]:m[5]]),
			1 + strings.Count(plain[:m[0]], "\n")})
	}
	s.code = directiveLine.ReplaceAllStringFunc(plain, blank)
	s.code = commentOrString.ReplaceAllStringFunc(s.code, func(m string) string { return m[:1] + blank(m[1:len(m)-1]) + m[:1] })
	s.split()
	return s
}

// split cuts the code into declarations.
func (s *csource) split() {
	start := 0
	for i := 0; i < len(s.code); i++ {
		switch s.code[i] {
		case '(', '[':
			i = closing(s.code, i)
		case '{':
			head := strings.TrimSpace(s.code[start:i])
			if strings.HasPrefix(head, "extern") && strings.HasSuffix(head, `"`) {
				start = i + 1 // extern "C" {
				continue
			}
			end := closing(s.code, i)
			if isFunctionHead(head) {
				s.add(start, i, end+1)
				start = end + 1
			}
			i = end
		case '}':
			start = i + 1 // the end of extern "C" {
		case ';':
			s.add(start, i, i)
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
func closing(text string, i int) int {
	depth := 0
	for ; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

func isFunctionHead(head string) bool {
	plain := flat(head)
	return strings.Contains(plain, "(") && !strings.Contains(plain, "=") && !strings.HasPrefix(plain, "typedef")
}

// flat drops the arguments of attributes and what stands in braces or brackets.
func flat(text string) string {
	for m := withArguments.FindStringIndex(text); m != nil; m = withArguments.FindStringIndex(text) {
		text = text[:m[0]] + text[min(closing(text, m[1]-1)+1, len(text)):]
	}
	for at := 0; at < len(text); at++ {
		if text[at] == '{' || text[at] == '[' {
			text = text[:at+1] + text[closing(text, at):]
			at++
		}
	}
	return text
}

// nameOf gives the name that a declaration declares, and whether parameters follow it.
func nameOf(plain string) (name string, params bool) {
	if i := strings.IndexByte(plain, '='); i >= 0 {
		plain = plain[:i]
	}
	if i := strings.IndexByte(plain, '('); i >= 0 {
		if m := pointerName.FindStringSubmatch(plain[i:]); m != nil {
			return m[1], false
		}
		if m := functionName.FindStringSubmatch(plain); m != nil {
			return m[1], true
		}
	}
	if i := strings.IndexByte(plain, '['); i >= 0 {
		plain = plain[:i]
	}
	if m := lastName.FindStringSubmatch(plain); m != nil {
		return m[1], false
	}
	return "", false
}

// add adds the declaration of s.code from start to end; what precedes the body is before body.
func (s *csource) add(start, body, end int) {
	for start < end && strings.ContainsRune(" \t\n", rune(s.code[start])) {
		start++
	}
	if start >= body {
		return
	}
	lineAt := func(i int) int { return 1 + strings.Count(s.code[:i], "\n") }
	d := &decl{head: s.code[start:body], body: s.code[body:end], line: lineAt(start), bodyLine: lineAt(body), endLine: lineAt(end - 1)}
	plain := flat(d.head)
	name, params := nameOf(plain)
	before := plain
	if at := regexp.MustCompile(`\b` + name + `\b`).FindStringIndex(plain); name != "" && at != nil {
		before = plain[:at[0]]
		d.nameLine = d.line + strings.Count(before, "\n")
	}
	d.name = name
	first := words(before)
	d.static, d.extern = first["static"], first["extern"]
	aggregate := aggregateBody.ReplaceAllString(plain, "$1 body")
	idents := 0
	for _, word := range identifier.FindAllString(aggregate, -1) {
		if !notDeclared[word] {
			idents++
		}
	}
	switch {
	case name == "_Static_assert" || name == "static_assert":
		d.kind = declOther
	case end > body:
		d.kind = declFuncDef
	case first["typedef"]:
		d.kind = declType
	case params:
		d.kind = declFuncProto
	case (first["struct"] || first["union"] || first["enum"]) && idents < 2 && !strings.Contains(plain, "="):
		d.kind = declType
	case name == "" || idents < 2 && !strings.ContainsAny(plain, "=["):
		d.kind = declOther
	default:
		d.kind = declObject
		d.mutable = strings.LastIndex(before, "const") <= strings.LastIndex(before, "*")
	}
	d.comment, d.commentRow = s.commentFor(d)
	s.decls = append(s.decls, d)
	for _, m := range staticObject.FindAllStringIndex(d.body, -1) {
		i := body + m[0]
		for ; i < end && s.code[i] != ';'; i++ {
			if strings.IndexByte("([{", s.code[i]) >= 0 {
				i = closing(s.code, i)
			}
		}
		s.add(body+m[0], i, i)
	}
}

// commentFor gathers the comment block that ends on the line above a declaration and, unless it
// is a function's definition, the comments on its own lines.
func (s *csource) commentFor(d *decl) (string, int) {
	first := d.line - 1
	for first > 0 && commentLine.MatchString(s.lines[first-1]) {
		first--
	}
	parts := append([]string{}, s.lines[first:d.line-1]...)
	if d.kind != declFuncDef {
		text := strings.Join(s.lines[d.line-1:d.endLine], "\n")
		for _, m := range commentOrString.FindAllString(text, -1) {
			if m[0] == '/' {
				parts = append(parts, m)
			}
		}
	}
	return strings.Join(parts, "\n"), first + 1
}
