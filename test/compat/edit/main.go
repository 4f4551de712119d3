// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Edit is libedit reading lines in a Go program.
package main

// #cgo CFLAGS: -Wall -pthread
// #cgo LDFLAGS: -ledit -lutil
// #include "edit.h"
import "C"

import (
	"errors"

	"runtime_cgo/test/compat/stress"
)

func main() {
	if C.edit_start() != 0 {
		panic("cannot start")
	}
	stress.Run("libedit", func() error {
		if C.edit_line() != 0 {
			return errors.New("a line is not what was typed")
		}
		return stress.Fault()
	})
}
