// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// line returns file:line of the line of shop.c that has this mark.
func line(t *testing.T, mark string) string {
	t.Helper()
	text, err := os.ReadFile("shop.c")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(l, "// line: "+mark) {
			return fmt.Sprintf(`shop\.c:%d`, i+1)
		}
	}
	t.Fatalf("no line of shop.c is marked %q", mark)
	return ""
}

// Each crash report shows all functions, from the failing line through SQLite to main.
func TestCrash(t *testing.T) {
	exe := filepath.Join(t.TempDir(), "sqlite-crash")
	// The test's own binary cannot be used, because it has no debug information.
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c := func(name, place string) string { return `(?m)^` + name + `\n\t\S*/` + place + ` pc=0x[0-9a-f]+$` }
	below := []string{
		c("sqlite3VdbeExec", `sqlite3-binding\.c:\d+`), c("sqlite3Step", `sqlite3-binding\.c:\d+`),
		c("sqlite3_step", `sqlite3-binding\.c:\d+`), c("_sqlite3_step_internal", `sqlite3\.go:\d+`),
		`(?m)^github\.com/mattn/go-sqlite3\._Cfunc__sqlite3_step_internal\(`,
		`(?m)^database/sql\.\(\*Rows\)\.Next\(`, `(?m)^main\.dearest\(`, `(?m)^main\.main\(`,
	}
	for way, above := range map[string][]string{
		"function": {c("price_of", line(t, "bad pointer")), c("shop_price", `shop\.c:\d+`)},
		"handle": {
			c("vdbeSafety", `sqlite3-binding\.c:\d+`), c("sqlite3_step", `sqlite3-binding\.c:\d+`),
			c("shop_stock", line(t, "bad handle")),
		},
	} {
		var out bytes.Buffer
		cmd := exec.Command(exe, way)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err == nil || cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%s ends with %v, want exit status 2:\n%s", way, err, out.String())
		}
		rest := out.String()
		for _, frame := range append(above, below...) {
			m := regexp.MustCompile(frame).FindStringIndex(rest)
			if m == nil {
				t.Fatalf("%s lacks, in this place, %s:\n%s", way, frame, out.String())
			}
			rest = rest[m[1]:]
		}
	}
}
