// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <stdlib.h>
// #include "facts.h"
import "C"

import (
	"os"
	"runtime"
	"strconv"
)

func init() { cases["facts"] = caseFacts }

//export factsCall
func factsCall() {}

// caseFacts prints what C code and the kernel see of runtime/cgo.
func caseFacts([]string) error {
	C.facts_actions()
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		C.facts_thread()
		done <- true
	}()
	<-done
	for i := 0; i < 20; i++ {
		os.Setenv("FACT"+strconv.Itoa(i), "x")
	}
	C.facts_environ(C.CString("FACT19"))
	os.Setenv("FACT3", "changed")
	C.facts_environ(C.CString("FACT3"))
	C.facts_child()
	return nil
}
