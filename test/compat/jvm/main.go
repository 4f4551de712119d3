// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Jvm is a JVM in a Go program, through JNI. It installs a handler for SIGSEGV after Go has, without SA_ONSTACK.
// COMPAT_CLASSES names the directory of the class Work.
package main

// #cgo CFLAGS: -Wall
// #cgo LDFLAGS: -L/usr/lib/jvm/default-java/lib/server -ljvm -Wl,-rpath,/usr/lib/jvm/default-java/lib/server
// #include "jvm.h"
import "C"

import (
	"errors"
	"os"
	"runtime"

	"runtime_cgo/test/compat/stress"
)

//export workInGo
func workInGo(n C.int) C.int {
	return C.int(stress.Work(int(n)))
}

func main() {
	runtime.LockOSThread()
	if C.jvm_start(C.CString("-Djava.class.path="+os.Getenv("COMPAT_CLASSES"))) != 0 {
		panic("cannot start")
	}
	stress.Run("jvm", func() error {
		if C.jvm_round() != 0 {
			return errors.New("something went wrong in Java")
		}
		return stress.Fault()
	})
}
