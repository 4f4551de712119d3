// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: where the calling thread's C stack lies. Runs on any stack but a signal's.
// Re-read runtime/cgo/gcc_stack_unix.c and runtime/cgocall.go (callbackUpdateSystemStack).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // pthread_getattr_np
#endif

#include "rcgo_thread.h"

#include <pthread.h>

// musl's answer for the main thread covers only what of its stack has been touched so far, which
// would make Go see overflows where there are none: Go is told that the bounds are unknown.
#ifdef __GLIBC__
#	define BOUNDS_ARE_TRUE 1
#else
#	define BOUNDS_ARE_TRUE 0
#endif

void
rcgo__stack_bounds(uintptr_t bounds[2])
{
	pthread_attr_t attr;
	void *lo = NULL;
	size_t size = 0;

	bounds[0] = 0;
	bounds[1] = 0;
	// Before 2.32 glibc did not set all of attr (golang/go#65625).
	pthread_attr_init(&attr);
	// Without /proc glibc cannot tell for the main thread.
	if (BOUNDS_ARE_TRUE && pthread_getattr_np(pthread_self(), &attr) == 0 &&
		pthread_attr_getstack(&attr, &lo, &size) == 0) {
		bounds[0] = (uintptr_t)lo;
		bounds[1] = (uintptr_t)lo + size;
	}
	pthread_attr_destroy(&attr);
}
