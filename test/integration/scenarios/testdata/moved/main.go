// SPDX-License-Identifier: BSD-3-Clause

// Moved runs handlers without SA_ONSTACK that do what C++ does: throw, longjmp, unwind the stack; meanwhile Go faults.
package main

// int moved_jumps(int n);
// int moved_throws_inside(int n);
// int moved_throws_through(int n);
// int moved_backtrace(void);
import "C"

import (
	"fmt"
	"os"
	"runtime"
)

func fault() (ok bool) {
	defer func() { _, ok = recover().(runtime.Error) }()
	var p *[100]int
	p[5]++
	return false
}

func main() {
	for round := 0; round < 3; round++ {
		for what, right := range map[string]bool{
			"an exception caught in a handler": C.moved_throws_inside(100) == 1,
			"an exception out of a handler":    C.moved_throws_through(100) == 1,
			"siglongjmp":                       C.moved_jumps(100) == 1,
			"backtrace":                        C.moved_backtrace() == 1,
			"a fault in Go":                    fault(),
		} {
			if !right {
				fmt.Println("wrong:", what)
				os.Exit(1)
			}
		}
		runtime.GC()
	}
	fmt.Println("moved ok")
}
