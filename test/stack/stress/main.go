// SPDX-License-Identifier: BSD-3-Clause

// stress keeps many stacks in motion that go from Go to C and back 5 times, while collections run and
// stacks grow and are moved. The functions of each level have their own names, so that a stack that
// lacks a frame, or has one of another stack, is seen to be wrong. With an argument there is one such
// stack alone, of the first thread.
package main

/*
#cgo CFLAGS: -O1 -fno-omit-frame-pointer
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <time.h>
#include <unistd.h>

extern void deep0(int how);
extern void deep1(int how);
extern void deep2(int how);
extern void deep3(int how);
extern void deep4(int how);

static void sleep_us(long us) { struct timespec t = {0, us * 1000}; nanosleep(&t, NULL); }
__attribute__((noinline)) static void work(int how) {
	if (how < 0) {
		return;
	}
	if (how % 4 == 0) {
		for (volatile int i = 0; i < 3000; i++) { }
	} else {
		sleep_us(how % 5 * 400 + 100);
	}
}
__attribute__((noinline)) static void c0(int how) { work(how); __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) static void c1(int how) { deep0(how); __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) static void c2(int how) { deep1(how); __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) static void c3(int how) { deep2(how); __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) static void c4(int how) { deep3(how); __asm__ volatile("" ::: "memory"); }
static void *c_thread(void *how) {
	for (int i = 0;; i++) { deep4((int)(long)how + i); }
	return NULL;
}
static void start(int how) {
	pthread_t t;
	if (pthread_create(&t, NULL, c_thread, (void *)(long)how) != 0) { _exit(4); }
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

var sink []byte

//go:noinline
func grow(n int) byte {
	var room [256]byte
	if n > 0 {
		return grow(n-1) + room[n%256]
	}
	return room[0]
}

//export deep0
func deep0(how C.int) { grow(int(how) & 3 * 40); C.c0(how) }

//export deep1
func deep1(how C.int) { grow(int(how) & 3 * 40); C.c1(how) }

//export deep2
func deep2(how C.int) { grow(int(how) & 3 * 40); C.c2(how) }

//export deep3
func deep3(how C.int) { grow(int(how) & 3 * 40); C.c3(how) }

//export deep4
func deep4(how C.int) { grow(int(how) & 3 * 40); C.c4(how) }

func caller(how int) {
	for i := how; ; i++ {
		deep4(C.int(i))
		if i%16 == 0 {
			runtime.Gosched()
			sink = make([]byte, 1<<16)
		}
	}
}

// The goroutine that is locked to the first thread.
func init() { runtime.LockOSThread() }

func main() {
	if len(os.Args) > 1 {
		go end()
		fmt.Println("ready")
		for {
			deep4(-4)
			runtime.Gosched()
		}
	}
	for i := 0; i < 40; i++ {
		go caller(i)
	}
	for i := 0; i < 20; i++ {
		C.start(C.int(i))
	}
	go func() {
		for {
			time.Sleep(20 * time.Millisecond)
			runtime.GC()
		}
	}()
	fmt.Println("ready")
	end()
}

func end() {
	os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}
