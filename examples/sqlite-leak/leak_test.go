// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const rcgo = "../../bin/rcgo"

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
		lost := 0
		for _, stack := range strings.Split(string(out), "\n\n") {
			if strings.Contains(stack, "sqlite3_prepare_v2") && strings.Contains(stack, leakLine(t)) &&
				strings.Contains(stack, " in 500 blocks") {
				lost++
			}
		}
		if (lost > 0) == fixed {
			t.Errorf("fixed %v: %d stacks have lost 500 blocks at %s%s", fixed, lost, leakLine(t), out)
		}
	}
}
