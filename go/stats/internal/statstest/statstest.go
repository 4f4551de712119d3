// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

// Package statstest has the C code for the tests of package stats: Go does not allow C in test files.
package statstest

/*
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stdint.h>

extern void statstestCalled(void);

static void *
call_go(void *times)
{
	for (uintptr_t i = 0; i < (uintptr_t)times; i++) {
		statstestCalled();
	}
	return NULL;
}

static int
call_from_c(uintptr_t times)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, call_go, (void *)times) == 0 && pthread_join(thread, NULL) == 0;
}
*/
import "C"

import "sync/atomic"

var called uint64

//export statstestCalled
func statstestCalled() { atomic.AddUint64(&called, 1) }

// CallFromC lets a new C thread call Go n times. It reports whether all calls succeeded.
func CallFromC(times uint64) bool {
	before := atomic.LoadUint64(&called)
	return C.call_from_c(C.uintptr_t(times)) != 0 && atomic.LoadUint64(&called)-before == times
}
