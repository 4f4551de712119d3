// SPDX-License-Identifier: BSD-3-Clause

// Package calltest has C functions for the tests of package call: a test file cannot import "C".
package calltest

/*
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static volatile int stop_flag; // set by the library's interrupt function

static void clear_flag(void) { stop_flag = 0; }
static void set_flag(void) { stop_flag = 1; }
static int flag(void) { return stop_flag; }

// A library call that polls its flag.
static int
work(int ms)
{
	for (int i = 0; i < ms; i++) {
		struct timespec t = {0, 1000000};
		nanosleep(&t, NULL);
		if (stop_flag) {
			return i;
		}
	}
	return -1;
}

static int
blocked_read(int fd)
{
	char byte;
	return read(fd, &byte, 1) < 0 ? errno : 0;
}

static void nothing(void) {}
static uintptr_t add(uintptr_t a, uintptr_t b) { return a + b; }
static uintptr_t six(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}
static void *fn_nothing(void) { return nothing; }
static void *fn_add(void) { return add; }
static void *fn_six(void) { return six; }
*/
import "C"

import "unsafe"

// Work runs for about ms milliseconds, or until SetFlag. It returns -1 if it was not interrupted.
func Work(ms int) int { return int(C.work(C.int(ms))) }

// SetFlag interrupts Work.
func SetFlag() { C.set_flag() }

// ClearFlag lets the next Work run.
func ClearFlag() { C.clear_flag() }

// Flag reports whether the flag is set.
func Flag() bool { return C.flag() != 0 }

// Read waits for a byte in C, and returns errno.
func Read(fd int) int { return int(C.blocked_read(C.int(fd))) }

// Nothing is a cgo call that does nothing.
func Nothing() { C.nothing() }

// Functions for a batch.
var (
	FnNothing = C.fn_nothing()
	FnAdd     = C.fn_add()
	FnSix     = C.fn_six()
)

var _ unsafe.Pointer = FnAdd
