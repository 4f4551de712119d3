// SPDX-License-Identifier: BSD-3-Clause

// javahost is a library with a native method of Host.java.
package main

/*
#include <unistd.h>

static void wait_forever(void) {
	int p[2];
	char c;
	if (pipe(p) == 0) { while (read(p[0], &c, 1) != 1) { } }
}
*/
import "C"

//export goEnter
func goEnter() { goWait() }

//go:noinline
func goWait() { C.wait_forever() }

func main() {}
