// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"strconv"
	"strings"
)

const contractFile = "runtime/abi/symbols.txt"

// A symbol is one line of the contract.
type symbol struct {
	name, kind, part, by string
	since, until         int // minor versions of Go 1; until is -1 while it lasts
	line                 int
}

// forGo says whether Go imports the symbol; the others are for C code of the program.
func (s symbol) forGo() bool { return s.by != "libc" && s.by != "C" }

// forC says whether a symbol stands in libc's place for the program's C code: Go knows nothing of
// it, and under sanitizers, which do the same, it is left out.
func (s symbol) forC() bool { return s.by == "libc" }

func (s symbol) in(minor int) bool {
	return minor >= s.since && (s.until < 0 || minor <= s.until)
}

// contract reads runtime/abi/symbols.txt.
func (t *tree) contract(c *check) []symbol {
	var out []symbol
	for i, line := range strings.Split(t.read(contractFile), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		if len(f) != 5 || f[1] != "func" && f[1] != "data" {
			c.bad(contractFile, i+1, "want five columns: name func|data part go imported-by")
			continue
		}
		since, until, err := parseRange(f[3])
		if err != nil {
			c.bad(contractFile, i+1, "%v", err)
			continue
		}
		out = append(out, symbol{f[0], f[1], f[2], f[4], since, until, i + 1})
	}
	if len(out) == 0 {
		c.bad(contractFile, 0, "it names no symbol")
	}
	return out
}

// parseRange reads "1.19-", "1.19-1.25" or "1.24" as minor versions.
func parseRange(s string) (since, until int, err error) {
	from, to := s, s
	if i := strings.IndexByte(s, '-'); i >= 0 {
		from, to = s[:i], s[i+1:]
	}
	if since, err = parseMinor(from); err != nil {
		return
	}
	until = -1
	if to != "" {
		until, err = parseMinor(to)
	}
	return
}

// parseMinor reads the 24 of "1.24", "go1.24.4" or "go1.27rc1".
func parseMinor(s string) (int, error) {
	rest := strings.TrimPrefix(s, "go")
	if !strings.HasPrefix(rest, "1.") {
		return 0, fmt.Errorf("%q is not a version of Go 1", s)
	}
	rest = rest[2:]
	n := 0
	for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
		n++
	}
	return strconv.Atoi(rest[:n])
}
