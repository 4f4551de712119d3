// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const rcgo = "../../bin/rcgo"

var inBlocks = regexp.MustCompile(` in (\d+) blocks`)

// leakLine returns file:line of the line that is marked as the leak.
func leakLine(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("leak.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(l, "// line: leak") {
			return fmt.Sprintf("leak.go:%d\n", i+1)
		}
	}
	t.Fatal("no line of leak.go is marked")
	return ""
}

// The profile of the program names the line that loses the statements, and not that of the program
// that closes them.
func TestLeak(t *testing.T) {
	dir := t.TempDir()
	exe := filepath.Join(dir, "sqlite-leak")
	// The test's own binary cannot be used, because it has no debug information.
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", exe, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, fixed := range []bool{false, true} {
		profile := filepath.Join(dir, fmt.Sprint("profile-", fixed))
		run := exec.Command(rcgo, "heap", "run", "-rate", "all", "-o", profile, exe,
			"-requests=500", fmt.Sprint("-fixed=", fixed))
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		out, err := exec.Command(rcgo, "heap", "show", "-all", profile).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		// The garbage collector closes a few of the lost statements.
		most := 0
		for _, stack := range strings.Split(string(out), "\n\n") {
			m := inBlocks.FindStringSubmatch(stack)
			if m != nil && strings.Contains(stack, "sqlite3_prepare_v2") && strings.Contains(stack, leakLine(t)) {
				if blocks, _ := strconv.Atoi(m[1]); blocks > most {
					most = blocks
				}
			}
		}
		if fixed && most > 50 || !fixed && most < 250 {
			t.Errorf("fixed %v: at most %d blocks of a stack were lost at %s%s", fixed, most, leakLine(t), out)
		}
	}
}
