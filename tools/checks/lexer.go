// SPDX-License-Identifier: BSD-3-Clause

package main

import "strings"

// A tokenKind says what a token of C is; the checks need no finer grain than this.
type tokenKind int

const (
	tokIdent tokenKind = iota
	tokNumber
	tokString
	tokPunct
	tokComment
	tokDirective
)

// A token is a piece of C source with the line that it begins on.
type token struct {
	kind    tokenKind
	text    string
	line    int
	lastRow int // the line it ends on
}

func isIdentByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// lexC splits C source into tokens. A preprocessor directive, continuation lines and all, is one
// token; comments inside it are lost.
func lexC(src string) []token {
	var toks []token
	line, i, n := 1, 0, len(src)
	lineStart := true
	add := func(kind tokenKind, from, to int) {
		text := src[from:to]
		rows := strings.Count(text, "\n")
		toks = append(toks, token{kind, text, line, line + rows})
		line += rows
	}
	for i < n {
		c := src[i]
		j := i + 1
		switch {
		case c == '\n':
			line++
			lineStart = true
			i++
			continue
		case c == ' ' || c == '\t' || c == '\r' || c == '\\':
			i++
			continue
		case c == '#' && lineStart:
			j = endOfDirective(src, i)
			add(tokDirective, i, j)
		case strings.HasPrefix(src[i:], "//"):
			for j < n && src[j] != '\n' {
				j++
			}
			add(tokComment, i, j)
			i = j
			continue
		case strings.HasPrefix(src[i:], "/*"):
			if k := strings.Index(src[i+2:], "*/"); k >= 0 {
				j = i + 2 + k + 2
			} else {
				j = n
			}
			add(tokComment, i, j)
			i = j
			continue
		case c == '"' || c == '\'':
			for j < n && src[j] != c && src[j] != '\n' {
				if src[j] == '\\' {
					j++
				}
				j++
			}
			if j < n && src[j] == c {
				j++
			}
			if j > n {
				j = n
			}
			add(tokString, i, j)
		case c >= '0' && c <= '9':
			for j < n && (isIdentByte(src[j]) || src[j] == '.') {
				j++
			}
			add(tokNumber, i, j)
		case isIdentByte(c):
			for j < n && isIdentByte(src[j]) {
				j++
			}
			add(tokIdent, i, j)
		default:
			add(tokPunct, i, j)
		}
		lineStart = false
		i = j
	}
	return toks
}

// endOfDirective finds the newline that ends the directive at src[i].
func endOfDirective(src string, i int) int {
	for i < len(src) {
		switch {
		case src[i] == '\n':
			if i > 0 && src[i-1] == '\\' {
				i++
				continue
			}
			return i
		case strings.HasPrefix(src[i:], "//"):
			return i
		case strings.HasPrefix(src[i:], "/*"):
			k := strings.Index(src[i+2:], "*/")
			if k < 0 {
				return len(src)
			}
			i += k + 4
			continue
		}
		i++
	}
	return i
}

// directiveName gives "if", "include" and so on.
func directiveName(t token) string {
	s := strings.TrimLeft(t.text[1:], " \t")
	for i := 0; i < len(s); i++ {
		if !isIdentByte(s[i]) {
			return s[:i]
		}
	}
	return s
}

// directiveRest gives what follows the directive's name.
func directiveRest(t token) string {
	s := strings.TrimLeft(t.text[1:], " \t")
	return strings.TrimSpace(s[len(directiveName(t)):])
}
