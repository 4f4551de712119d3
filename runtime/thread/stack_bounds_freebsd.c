// SPDX-License-Identifier: BSD-3-Clause
// The bounds of the calling thread's C stack. Runs on any stack except a signal stack.
// Re-read runtime/cgo/gcc_stack_unix.c, which reports no bounds on FreeBSD.
// Contract: pthread_attr_get_np(3). For the main thread libthr reports the size that the limit of
// the stack had when the program started.

//rcgo:small

#include <pthread.h>
#include <pthread_np.h>

#include "stack_bounds.h"

#include <errno.h>

void
rcgo__stack_bounds(uintptr_t bounds[2])
{
	pthread_attr_t attr;
	void *lo = NULL;
	size_t size = 0;
	int saved = errno;

	bounds[0] = 0;
	bounds[1] = 0;
	if (pthread_attr_init(&attr) == 0) {
		if (pthread_attr_get_np(pthread_self(), &attr) == 0 &&
			pthread_attr_getstack(&attr, &lo, &size) == 0) {
			bounds[0] = (uintptr_t)lo;
			bounds[1] = (uintptr_t)lo + size;
		}
		pthread_attr_destroy(&attr);
	}
	errno = saved;
}
