// SPDX-License-Identifier: BSD-3-Clause
// A plugin that uses C.
package main

// static int twice(int n) { return 2 * n; }
import "C"

// Twice is what the host looks up.
func Twice(n int) int { return int(C.twice(C.int(n))) }

func main() {}
