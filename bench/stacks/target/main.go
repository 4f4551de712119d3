// SPDX-License-Identifier: BSD-3-Clause

// Target is what the tools look at: many threads that wait, each in C that Go called, and one thread
// of C that a stop would disturb. It prints "ready"; for each line of input, how often a call was
// ended by EINTR.
package main

/*
#cgo LDFLAGS: -lpthread
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <unistd.h>

extern void goCaller(int depth);

static int never[2], epoll;
static _Atomic int waiting, eintr;

static void prepare(void) {
	if (pipe(never) != 0 || (epoll = epoll_create1(0)) < 0) { _exit(3); }
}
__attribute__((noinline)) static void wait_forever(void) {
	struct epoll_event e;
	waiting++;
	while (epoll_wait(epoll, &e, 1, -1) != 1) {
		eintr += errno == EINTR;
	}
}
__attribute__((noinline)) static void c_work(int depth) {
	if (depth > 0) { goCaller(depth - 1); } else { wait_forever(); }
	__asm__ volatile("" ::: "memory");
}
static int get_waiting(void) { return waiting; }
static int get_eintr(void) { return eintr; }
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"time"
)

//export goCaller
func goCaller(depth C.int) { C.c_work(depth) }

//go:noinline
func worker(depth int) { C.c_work(C.int(depth)) }

func main() {
	threads, _ := strconv.Atoi(os.Args[1])
	C.prepare()
	for i := 0; i < threads; i++ {
		go worker(i % 3)
	}
	for int(C.get_waiting()) < threads {
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println(int(C.get_eintr()))
	}
}
