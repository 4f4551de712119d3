// SPDX-License-Identifier: BSD-3-Clause
// Hello is the smallest program that uses cgo. Its size, start time and build time are measured.
package main

// static int answer(void) { return 42; }
import "C"

import "os"

func main() {
	os.Exit(int(C.answer()) - 42)
}
