// SPDX-License-Identifier: BSD-3-Clause
// A Go library for C programs: built as c-archive and c-shared.
package main

import "C"

import "os"

//export LibSum
func LibSum(n C.int) C.long {
	c := make(chan C.long)
	for i := C.int(1); i <= n; i++ {
		go func(i C.int) { c <- C.long(i) }(i)
	}
	sum := C.long(0)
	for i := C.int(0); i < n; i++ {
		sum += <-c
	}
	return sum
}

//export LibHasEnv
func LibHasEnv() C.int {
	if os.Getenv("LIB_PROOF") == "yes" {
		return 1
	}
	return 0
}

func main() {}
