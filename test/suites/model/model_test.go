// SPDX-License-Identifier: BSD-3-Clause

// Package model runs the model checker's tests: the lock-free structures in all orders of their accesses.
package model

import (
	"path/filepath"
	"testing"

	"runtime_cgo/test/internal/suite"
)

func TestModel(t *testing.T) {
	programs, _ := filepath.Glob(filepath.Join(suite.Root(t), "build/model/test_*"))
	tests := 0
	for _, program := range programs {
		if filepath.Ext(program) == "" {
			program := program
			tests++
			t.Run(filepath.Base(program), func(t *testing.T) {
				t.Parallel()
				new(suite.TAP).Run(t, suite.Command(t, nil, program))
			})
		}
	}
	if tests == 0 {
		t.Fatal("nothing is built: run make unit")
	}
}
