// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Dropped rights cannot be regained, so each way runs in its own process.
func TestMain(m *testing.M) {
	if way := os.Getenv("PRIVILEGES_WAY"); way != "" {
		os.Args = []string{"privileges", way}
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestWays(t *testing.T) {
	for way, want := range map[string]string{
		"capabilities": "every thread is without capabilities",
		"landlock":     "every thread",
		"seccomp":      "no thread may make a directory",
		"nice":         "every thread is at nice 15",
		"unshare":      "no thread has moved",
	} {
		t.Run(way, func(t *testing.T) {
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(self)
			cmd.Env = append(os.Environ(), "PRIVILEGES_WAY="+way)
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), want) {
				t.Errorf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}
