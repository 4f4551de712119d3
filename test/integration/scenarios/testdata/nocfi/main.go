// SPDX-License-Identifier: BSD-3-Clause
// Nocfi crashes in C in ways that are hard for who walks stacks.
package main

/*
#include <stdlib.h>
#include "nocfi.h"
#include <pthread.h>

static void *run(void *name) { run_case(name); return name; }
static void run_on_thread(char *name) {
	pthread_t t;
	pthread_create(&t, NULL, run, name);
	pthread_join(t, NULL);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int entered;
static void lock_it(void) { pthread_mutex_lock(&mutex); }
__attribute__((noinline)) static int wait_reply(int n) {
	__atomic_fetch_add(&entered, 1, __ATOMIC_RELAXED);
	pthread_mutex_lock(&mutex);
	return n;
}
__attribute__((noinline)) static int fetch(int n) { return wait_reply(n) + 1; }
static int all_entered(void) { return __atomic_load_n(&entered, __ATOMIC_RELAXED) == 3; }
*/
import "C"

import (
	"os"
	"syscall"
	"time"
)

// stuck asks for Go's report of all goroutines while three wait in C, or sends another signal and
// ends.
func stuck(sig syscall.Signal) {
	C.lock_it()
	for i := 0; i < 3; i++ {
		go C.fetch(C.int(i))
	}
	for C.all_entered() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	syscall.Kill(syscall.Getpid(), sig)
	if sig != syscall.SIGQUIT {
		time.Sleep(time.Second)
		os.Stdout.WriteString("still there\n")
		os.Exit(0)
	}
	time.Sleep(time.Minute)
}

func main() {
	if os.Args[1] == "stuck" {
		stuck(syscall.SIGQUIT)
	}
	if os.Args[1] == "dumped" {
		stuck(syscall.SIGUSR2)
	}
	name := C.CString(os.Args[2])
	if os.Args[1] == "thread" {
		C.run_on_thread(name)
	} else {
		C.run_case(name)
	}
}
