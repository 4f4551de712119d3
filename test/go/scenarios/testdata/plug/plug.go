// SPDX-License-Identifier: BSD-3-Clause
// Plug is a plugin with C of its own, which calls back.
package main

// extern int plug_back(int);
import "C"

//export plugGo
func plugGo(n C.int) C.int { return n + 1 }

// Back goes to C and back.
func Back(n int) int { return int(C.plug_back(C.int(n))) }

func main() {}
