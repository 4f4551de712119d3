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
static int spinning;
__attribute__((noinline)) static void spin(void) {
	for (;;) {
		__atomic_store_n(&spinning, 1, __ATOMIC_RELAXED);
	}
}
static void *spin_thread(void *arg) { spin(); return arg; }
static void start_spinning(void) {
	pthread_t t;
	pthread_create(&t, NULL, spin_thread, NULL);
	while (__atomic_load_n(&spinning, __ATOMIC_RELAXED) == 0) {
	}
}
static int all_entered(void) { return __atomic_load_n(&entered, __ATOMIC_RELAXED) == 3; }
*/
import "C"

import (
	"bufio"
	"os"
	"strings"
	"syscall"
	"time"
)

// enter returns when three goroutines are in wait_reply, which does not return.
func enter() {
	C.lock_it()
	for i := 0; i < 3; i++ {
		go C.fetch(C.int(i))
	}
	for C.all_entered() == 0 {
		time.Sleep(time.Millisecond)
	}
}

// stuck asks for Go's report of all goroutines.
func stuck() {
	enter()
	syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
	time.Sleep(time.Minute)
}

// dumped asks for a dump and ends after its last line.
func dumped() {
	stderr, err := syscall.Dup(2)
	check(err)
	r, w, err := os.Pipe()
	check(err)
	check(syscall.Dup3(int(w.Fd()), 2, 0))
	enter()
	C.start_spinning()
	check(syscall.Kill(syscall.Getpid(), syscall.SIGUSR2))
	for in := bufio.NewReader(r); ; {
		line, err := in.ReadString('\n')
		check(err)
		syscall.Write(stderr, []byte(line))
		if strings.Contains(line, " in C, ") {
			break
		}
	}
	os.Stdout.WriteString("still there\n")
}

// dumpedToFile waits for the last line of a dump in the file.
func dumpedToFile(file string) {
	enter()
	check(syscall.Kill(syscall.Getpid(), syscall.SIGUSR2))
	for {
		text, _ := os.ReadFile(file)
		if strings.Contains(string(text), " in C, ") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	os.Stdout.WriteString("still there\n")
}

// undumped sends the signal, which is not that of a dump.
func undumped() {
	enter()
	check(syscall.Kill(syscall.Getpid(), syscall.SIGUSR2))
	time.Sleep(200 * time.Millisecond)
	os.Stdout.WriteString("still there\n")
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	switch os.Args[1] {
	case "stuck":
		stuck()
	case "dumped":
		if len(os.Args) > 2 {
			dumpedToFile(os.Args[2])
		} else {
			dumped()
		}
		return
	case "undumped":
		undumped()
		return
	}
	name := C.CString(os.Args[2])
	if os.Args[1] == "thread" {
		C.run_on_thread(name)
	} else {
		C.run_case(name)
	}
}
