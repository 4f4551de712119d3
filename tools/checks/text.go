// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// hostPath finds absolute paths of one machine; spelled in pieces, or this file would name them.
var hostPath = regexp.MustCompile("(?:^|[\\s=:(`\"'])(/wo" + "rk/|/opt/go" + "tc|/ro" + "ot/)")

// checkText looks at the lines of every text file.
func checkText(t *tree, c *check) {
	for _, f := range t.tracked() {
		text := t.read(f)
		if text == "" || strings.ContainsRune(text, 0) || strings.HasPrefix(f, "fuzz/corpus/") {
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
			if max := maxColumnsOf(isC, isShell(f, text)); columns(line) > max && !mirrorLine.MatchString(line) {
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
