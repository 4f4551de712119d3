// SPDX-License-Identifier: BSD-3-Clause

package main

// declaresObject says whether "struct x {…} y;" or "struct x y;" declares y, besides a type.
func declaresObject(toks []token) bool {
	idents := 0
	for i := 0; i < len(toks); i++ {
		if j := attributeEnd(toks, i); j > i {
			i = j - 1
			continue
		}
		switch {
		case toks[i].text == "{":
			i = closing(toks, i)
			idents = 1
		case toks[i].text == "=":
			return true
		case toks[i].kind == tokIdent && !isQualifier(toks[i].text):
			idents++
		}
	}
	return idents >= 2
}

func isQualifier(s string) bool {
	switch s {
	case "struct", "union", "enum", "static", "extern", "const", "_Atomic", "RCGO_INTERN", "RCGO_SHARED":
		return true
	}
	return false
}

// isMutable says whether an object can change: it can, unless the outermost thing it is, is const.
func isMutable(toks []token, name string) bool {
	constant := false
	for i := 0; i < len(toks); i++ {
		switch toks[i].text {
		case "const":
			constant = true
		case "*":
			constant = false
		case "{":
			i = closing(toks, i)
		case name:
			return !constant
		}
	}
	return !constant
}
