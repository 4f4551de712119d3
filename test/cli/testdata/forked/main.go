// SPDX-License-Identifier: BSD-3-Clause

// forked forks in C that Go called, and prints the number of the child, which waits there. The child
// ends with its parent.
package main

/*
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

static int fork_and_wait(void) {
	int child = fork();
	while (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	return child;
}
*/
import "C"

import (
	"fmt"
	"os"
)

//go:noinline
func forker() C.int { return C.fork_and_wait() }

func main() {
	child := forker()
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
	fmt.Println(child)
	os.Stdin.Read(make([]byte, 1))
}
