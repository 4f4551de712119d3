// SPDX-License-Identifier: BSD-3-Clause
// Ownsignals is a program whose C code defines functions and variables with names that libc has for signals, and that
// ISO C permits programs to use.
package main

// extern int own_signals(void);
import "C"

import "fmt"

func main() {
	done := make(chan C.int)
	go func() { done <- C.own_signals() }()
	fmt.Println("own signals:", <-done)
}
