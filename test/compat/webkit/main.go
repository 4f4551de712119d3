// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Webkit is WebKitGTK in a Go program: a page that sends messages, under X, and C threads that share JavaScriptCore's
// heap, whose collector stops them by a signal.
package main

// #cgo CFLAGS: -Wall -pthread
// #cgo pkg-config: webkit2gtk-4.1
// #include "webkit.h"
import "C"

import (
	"errors"
	"runtime"

	"runtime_cgo/test/compat/stress"
)

//export workInGo
func workInGo(n C.int) C.int {
	return C.int(stress.Work(int(n)))
}

func main() {
	runtime.LockOSThread() // GTK requires the main thread
	if C.webkit_start() != 0 {
		panic("cannot start")
	}
	stress.Run("webkit", func() error {
		if C.webkit_round() != 0 {
			return errors.New("something went wrong in JavaScript")
		}
		return stress.Fault()
	})
}
