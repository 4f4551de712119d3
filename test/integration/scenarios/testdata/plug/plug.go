// SPDX-License-Identifier: BSD-3-Clause
// Plug is a plugin with C code, which calls back, crashes, and handles faults.
package main

// extern int plug_back(int);
// extern void plug_take_faults(void);
// extern int plug_outer(int *);
import "C"

//export plugGo
func plugGo(n C.int) C.int { return n + 1 }

// Back calls C, which calls back.
func Back(n int) int { return int(C.plug_back(C.int(n))) }

// Fault dereferences nil while C has a handler for the fault, and reports whether that panicked.
func Fault() (panicked bool) {
	defer func() { panicked = recover() != nil }()
	C.plug_take_faults()
	return *pointer != 0
}

var pointer *int

// Crash crashes in C.
func Crash() bool { return C.plug_outer(nil) != 0 }

func main() {}
