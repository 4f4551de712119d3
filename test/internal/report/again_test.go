// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const sometimes = `package sometimes

import (
	"os"
	"testing"
)

func TestGroup(t *testing.T) {
	t.Run("first time [1]/not", func(t *testing.T) {
		if _, err := os.Stat("ran"); err != nil {
			os.WriteFile("ran", nil, 0o600)
			t.Error("the first run")
		}
	})
	t.Run("never", func(t *testing.T) { t.Error("always") })
	t.Run("good", func(t *testing.T) {})
}
`

// A test that failed by accident counts as passed and is named; one that fails again has failed.
func TestAgain(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module sometimes\n", "sometimes_test.go": sometimes} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	report := filepath.Join(dir, "report")
	if out, err := exec.Command("go", "build", "-o", report, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command("bash", "-c", `go test -json . | "$0" -again`, report)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("exit status 0 after a failure")
	}
	for _, want := range []string{
		"not ok sometimes/TestGroup/first_time_[1]/not\n",
		"# flaky: sometimes/TestGroup/first_time_[1]/not failed once",
		"not ok sometimes/TestGroup/never\n",
		"2 passed, 1 failed, 0 skipped\n",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(string(out), "flaky: sometimes/TestGroup/never") {
		t.Errorf("a test that always fails is flaky:\n%s", out)
	}
}
