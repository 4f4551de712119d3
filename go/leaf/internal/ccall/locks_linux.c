// SPDX-License-Identifier: BSD-3-Clause
//go:build rcgo_leafcheck

// Counts the mutexes that each thread holds, for watched calls with callbacks: only in programs
// that are built with the tag rcgo_leafcheck. libc's own use of its mutexes does not come here.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "leafcall.h"

#include <dlfcn.h>
#include <pthread.h>

typedef int (*mutex_fn)(pthread_mutex_t *);

// owner: the thread.
static __thread int64_t held;

// Mutexes that this thread holds and that all lock with rcgo_mutex_lock: they do not count.
// owner: the thread.
static __thread pthread_mutex_t *safe[16];

void rcgo_leaf_safe_lock(pthread_mutex_t *mutex);

void
rcgo_leaf_safe_lock(pthread_mutex_t *mutex)
{
	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
		if (safe[i] == NULL) {
			safe[i] = mutex;
			held--;
			return;
		}
	}
}

// Whether a mutex was among them; it no longer is.
static int
was_safe(const pthread_mutex_t *mutex)
{
	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) {
		if (safe[i] == mutex) {
			safe[i] = NULL;
			return 1;
		}
	}
	return 0;
}

static mutex_fn
next(mutex_fn *known, const char *name)
{
	mutex_fn fn = __atomic_load_n(known, __ATOMIC_RELAXED);

	if (fn == NULL) {
		fn = (mutex_fn)dlsym(RTLD_NEXT, name);
		__atomic_store_n(known, fn, __ATOMIC_RELAXED);
	}
	return fn;
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	static mutex_fn fn;
	int error = next(&fn, "pthread_mutex_lock")(mutex);

	held += error == 0;
	return error;
}

int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	static mutex_fn fn;
	int error = next(&fn, "pthread_mutex_trylock")(mutex);

	held += error == 0;
	return error;
}

int
pthread_mutex_unlock(pthread_mutex_t *mutex)
{
	static mutex_fn fn;
	int error = next(&fn, "pthread_mutex_unlock")(mutex);

	held -= error == 0 && !was_safe(mutex);
	return error;
}

int64_t
rcgo_leaf_locks_held(void)
{
	return held;
}
