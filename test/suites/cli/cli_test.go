// SPDX-License-Identifier: BSD-3-Clause

// Package cli runs the tests of the command rcgo, which are written for bats. Each file is a subtest.
package cli

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestCLI(t *testing.T) {
	if _, err := exec.LookPath("bats"); err != nil {
		t.Fatal("bats is not in PATH; install it with: apt-get install bats")
	}
	files, _ := filepath.Glob(filepath.Join(suite.Root(t), "test/cli/*.bats"))
	for _, path := range files {
		path := path
		t.Run(strings.TrimSuffix(filepath.Base(path), ".bats"), func(t *testing.T) {
			t.Parallel()
			new(suite.TAP).Run(t, suite.Command(t, nil, "bats", "--tap", path))
		})
	}
}
