// SPDX-License-Identifier: BSD-3-Clause

package main

import "bytes"

// packageOf returns the directory of a file, which is the import path of its package in GOROOT/src.
func packageOf(path []byte) string {
	if i := bytes.LastIndexByte(path, '/'); i >= 0 {
		return string(path[:i])
	}
	return "."
}

// comparePaths orders paths element by element, so that a package comes directly before those below
// it ("a", "a/b", "a-b"), and numbers by value ("go1.9", "go1.10").
func comparePaths(a, b []byte) int {
	for len(a) > 0 && len(b) > 0 {
		if isDigit(a[0]) && isDigit(b[0]) {
			var x, y []byte
			x, a = cutNumber(a)
			y, b = cutNumber(b)
			if len(x) != len(y) {
				return sign(len(x) - len(y))
			}
			if c := bytes.Compare(x, y); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return sign(weight(a[0]) - weight(b[0]))
		}
		a, b = a[1:], b[1:]
	}
	return sign(len(a) - len(b))
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// cutNumber splits off leading digits, without leading zeros.
func cutNumber(s []byte) (number, rest []byte) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return bytes.TrimLeft(s[:n], "0"), s[n:]
}

// weight orders the separator before all other bytes.
func weight(c byte) int {
	if c == '/' {
		return -1
	}
	return int(c)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
