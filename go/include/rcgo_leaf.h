// SPDX-License-Identifier: BSD-3-Clause
// rcgo_leaf.h: for C in a call with callbacks (package rcgo.example/leaf) that takes long.
//
// Go's scheduler does not know of such a call: until the next callback a garbage collection waits
// for the C code. Between rcgo_release and rcgo_acquire it does not, as in an ordinary cgo call:
//
//   int released = rcgo_release();
//   read(fd, buffer, size);              // may take its time
//   rcgo_acquire(released);
//
// A pair costs some 40 ns. rcgo_mutex_lock locks a mutex that another call with callbacks may hold
// while its callback is stopped for a collection; with pthread_mutex_lock both may hang.
//
// Everywhere else (an ordinary cgo call, a C thread, between rcgo_release and rcgo_acquire, a
// program without package leaf, the race detector) rcgo_release changes nothing and returns 0, so
// a library may call it always. Callbacks between the two are ordinary ones. errno is kept.
// Neither is for signal handlers.
#ifndef RCGO_LEAF_H
#define RCGO_LEAF_H

#include <errno.h>
#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

int rcgo_leaf_release(void) __attribute__((weak));
void rcgo_leaf_acquire(int released) __attribute__((weak));
void rcgo_leaf_safe_lock(pthread_mutex_t *mutex) __attribute__((weak)); // with rcgo_leafcheck

// Lets the scheduler have the processor. The result is for rcgo_acquire.
static inline __attribute__((unused)) int
rcgo_release(void)
{
	int kept = errno, released = rcgo_leaf_release != 0 ? rcgo_leaf_release() : 0;

	errno = kept;
	return released;
}

// Ends what rcgo_release began; may wait for a processor. Both are called on the same stack.
static inline __attribute__((unused)) void
rcgo_acquire(int released)
{
	int kept = errno;

	if (released) {
		rcgo_leaf_acquire(released);
	}
	errno = kept;
}

// Locks a mutex, and lets the scheduler have the processor if that takes time. Errors are those of
// pthread_mutex_lock. The mutex is unlocked by pthread_mutex_unlock.
static inline __attribute__((unused)) int
rcgo_mutex_lock(pthread_mutex_t *mutex)
{
	int error = pthread_mutex_trylock(mutex);

	if (error == EBUSY) {
		int released = rcgo_release();

		error = pthread_mutex_lock(mutex);
		rcgo_acquire(released);
	}
	if (error == 0 && rcgo_leaf_safe_lock != 0) {
		rcgo_leaf_safe_lock(mutex);
	}
	return error;
}

#ifdef __cplusplus
}
#endif

#endif
