// SPDX-License-Identifier: BSD-3-Clause
// Hello is the smallest program with C in it: its size, its start and its build are what is measured.
package main

// static int answer(void) { return 42; }
import "C"

import "os"

func main() {
	os.Exit(int(C.answer()) - 42)
}
