// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"regexp"
	"strings"
)

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

// tokenC has a group for each kind of token, in the order of tokenKinds. A directive ends at a line comment.
var tokenC = regexp.MustCompile(`(?s)(//[^\n]*|/\*.*?\*/)|(?m:^[ \t]*)(#(?:\\\n|/\*.*?\*/|/[^/*\n]|[^\n/])*)|` +
	`("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|([0-9][0-9A-Za-z_.]*)|([A-Za-z_][0-9A-Za-z_]*)|([^\s\\])`)

var tokenKinds = []tokenKind{tokComment, tokDirective, tokString, tokNumber, tokIdent, tokPunct}

// lexC splits C source into tokens. A preprocessor directive, continuation lines and all, is one
// token; comments inside it are lost.
func lexC(src string) []token {
	var toks []token
	line, at := 1, 0
	for _, m := range tokenC.FindAllStringSubmatchIndex(src, -1) {
		for i, kind := range tokenKinds {
			if from, to := m[2+2*i], m[3+2*i]; from >= 0 {
				line += strings.Count(src[at:from], "\n")
				at = from
				toks = append(toks, token{kind, src[from:to], line, line + strings.Count(src[from:to], "\n")})
			}
		}
	}
	return toks
}

var directive = regexp.MustCompile(`(?s)^#[ \t]*([0-9A-Za-z_]*)(.*)`)

// directiveName gives "if", "include" and so on, directiveRest what follows it.
func directiveName(t token) string { return directive.FindStringSubmatch(t.text)[1] }
func directiveRest(t token) string { return strings.TrimSpace(directive.FindStringSubmatch(t.text)[2]) }
