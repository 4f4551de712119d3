// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"testing"
)

// A package without tests is no suite: the progress does not count it.
func TestProgress(t *testing.T) {
	report := filepath.Join(t.TempDir(), "report")
	if out, err := exec.Command("go", "build", "-o", report, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	events := `printf '{"Action":"%s","Package":"%s","Test":"%s"}\n' run tested T pass tested T pass tested "" skip empty "" run late T
		sleep 0.3; printf '{"Action":"%s","Package":"late","Test":"%s"}\n' pass T pass ""`
	cmd := exec.Command("bash", "-c", "("+events+`) | "$0" -suites 2 -every 50ms`, report)
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("1 of 2 suites done")) {
		t.Errorf("%v\n%s", err, out)
	}
}
