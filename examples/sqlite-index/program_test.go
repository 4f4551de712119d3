// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// buildProgram builds the program as a user does. The binary of go test has no symbols.
func buildProgram(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "sqlite-index")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program
}

func TestProgram(t *testing.T) {
	program := buildProgram(t)
	// The program must recognize whether go or rcgo has built it.
	h, err := readCgoRuntime(program)
	if err != nil || h.name == "unknown" {
		t.Fatalf("%v, %v", h, err)
	}
	if want := os.Getenv("SQLITE_INDEX_EXPECT"); want != "" && h.name != want {
		t.Errorf("%v; want %s", h, want)
	}
	other := map[string]string{"rcgo": "stock", "stock": "rcgo"}[h.name]
	root := plant(t, map[string]string{"a/x": "1\n", "b/y": "2\n", "b/z": "3\n"})
	kept := filepath.Join(t.TempDir(), "kept.db")
	for _, c := range []struct {
		status int
		text   string
		args   []string
	}{
		{0, "3 files, 3 lines, 0 KB in 2 packages", []string{"-root", root, "-db", kept, "-expect", h.name}},
		{1, "there is such a file already", []string{"-root", root, "-db", kept}},
		{1, "does not contain the expected runtime/cgo: " + other, []string{"-root", root, "-expect", other}},
		{1, "no such file", []string{"-root", filepath.Join(root, "absent")}},
		{2, "Usage", []string{"-threads", "0"}},
	} {
		temp := t.TempDir()
		cmd := exec.Command(program, c.args...)
		cmd.Env = append(os.Environ(), "TMPDIR="+temp)
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != c.status || !strings.Contains(string(out), c.text) {
			t.Errorf("%q: exit %d, want %d and %q\n%s", c.args, cmd.ProcessState.ExitCode(), c.status,
				c.text, out)
		}
		if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
			t.Errorf("%q: left %v behind, %v", c.args, left, err)
		}
	}
	if info, err := os.Stat(kept); err != nil || info.Size() == 0 {
		t.Errorf("-db: %v", err)
	}
}
