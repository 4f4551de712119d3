// SPDX-License-Identifier: BSD-3-Clause

// Command fast reports whether leaf calls take the fast path with this Go, on this machine. Its exit status is 1 if
// they are ordinary cgo calls. `rcgo doctor` runs it in a module that uses package leaf.
package main

import (
	"fmt"
	"os"
	"runtime"

	"rcgo.example/leaf"
)

func main() {
	fast, why := leaf.Fast()
	if fast {
		fmt.Println("fast, with", runtime.Version())
		return
	}
	fmt.Println(why)
	os.Exit(1)
}
