// SPDX-License-Identifier: BSD-3-Clause

// Package syscall tests calls for all threads in whole programs. Each file test/syscall/part_NAME.bash
// is a subtest.
package syscall

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"runtime_cgo/test/internal/suite"
)

var all = flag.Bool("all", false, "test with every Go that tools/toolchains finds, not only the one in PATH")

func TestSyscall(t *testing.T) {
	parts, _ := filepath.Glob(filepath.Join(suite.Root(t), "test/syscall/part_*.bash"))
	for _, part := range parts {
		argv := []string{part}
		if *all {
			argv = append(argv, "-all")
		}
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(part), "part_"), ".bash")
		t.Run(name, func(t *testing.T) {
			new(suite.TAP).Run(t, suite.Command(t, nil, "bash", argv...))
		})
	}
}
