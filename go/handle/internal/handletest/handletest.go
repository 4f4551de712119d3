// SPDX-License-Identifier: BSD-3-Clause

// Package handletest checks in C, with the public header, whether handles are valid.
package handletest

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include -I${SRCDIR}/../../../../backtrace/include
#include <pthread.h>
#include "runtime_cgo.h"

static int valid(uintptr_t handle) { return rcgo_handle_valid(handle); }

static void *ask(void *handle) { return rcgo_handle_valid((uintptr_t)handle) ? handle : NULL; }

// The same on a thread that Go does not know, with the handle as a pointer.
static int valid_on_thread(void *handle)
{
	pthread_t thread;
	void *said = NULL;

	return pthread_create(&thread, NULL, ask, handle) == 0 && pthread_join(thread, &said) == 0 && said != NULL;
}
*/
import "C"

import "unsafe"

// Valid is rcgo_handle_valid.
func Valid(h uintptr) bool { return C.valid(C.uintptr_t(h)) != 0 }

// ValidOnThread is rcgo_handle_valid on a new C thread.
func ValidOnThread(p unsafe.Pointer) bool { return C.valid_on_thread(p) != 0 }
