// SPDX-License-Identifier: BSD-3-Clause

// The library that tworuntimes loads.
package main

/*
#cgo CFLAGS: -O0
typedef void (*callback)(void);
static void c_call_back(callback f) { f(); }
*/
import "C"

var never = make(chan int)

//go:noinline
func innerParked() { <-never }

//export innerEnter
func innerEnter(f C.callback) {
	go innerParked()
	C.c_call_back(f)
}

func main() {}
