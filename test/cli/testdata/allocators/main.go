// SPDX-License-Identifier: BSD-3-Clause

// Allocators gets memory by each function that C and C++ have, in functions of known names, and prints what
// a heap profile has to have of each. The argument other says that the allocator is not that of glibc.
package main

/*
#cgo CXXFLAGS: -std=c++17
#cgo LDFLAGS: -pthread
void run_all(int glibc);
*/
import "C"

import "os"

func main() {
	if len(os.Args) > 1 {
		C.run_all(0)
	} else {
		C.run_all(1)
	}
}
