// SPDX-License-Identifier: BSD-3-Clause
// Names is a program whose C code defines functions and variables with the names that the stock runtime/cgo
// exports without need, and with names of libc's.
package main

// extern int names_sum(void);
// extern int names_back(int);
// extern int names_of_libc(void);
import "C"

import (
	"fmt"
	"os"
)

//export namesGo
func namesGo(n C.int) C.int { return n + 1 }

func main() {
	if C.names_sum() != 127 || C.names_back(41) != 42 || C.names_of_libc() != 128 {
		fmt.Println("wrong functions were called")
		os.Exit(1)
	}
	done := make(chan int)
	go func() { done <- int(C.names_back(1)) }()
	if <-done != 2 {
		os.Exit(1)
	}
	fmt.Println("names ok")
}
