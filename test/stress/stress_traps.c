// SPDX-License-Identifier: BSD-3-Clause
// Stress: a detector of calls that are not async-signal-safe. They are interposed; a call during
// our unwind is recorded and ends the process.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stress.h"

static void
trap(const char *name)
{
	if (!stress_walking) {
		return;
	}
	stress_walking = 0;
	if (stress_counts != NULL) {
		__atomic_add_fetch(&stress_counts->forbidden, 1, __ATOMIC_RELAXED);
		strncpy(stress_counts->forbidden_name, name,
			sizeof stress_counts->forbidden_name - 1);
	}
	abort();
}

// glibc exports its own functions under these names too.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void __libc_free(void *);
extern int __pthread_mutex_lock(pthread_mutex_t *);
extern int __pthread_mutex_trylock(pthread_mutex_t *);

void *
malloc(size_t size)
{
	trap("malloc");
	return __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	trap("calloc");
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	trap("realloc");
	return __libc_realloc(p, size);
}

void
free(void *p)
{
	trap("free");
	__libc_free(p);
}

int
pthread_mutex_lock(pthread_mutex_t *mutex)
{
	trap("pthread_mutex_lock");
	return __pthread_mutex_lock(mutex);
}

int
pthread_mutex_trylock(pthread_mutex_t *mutex)
{
	trap("pthread_mutex_trylock");
	return __pthread_mutex_trylock(mutex);
}

typedef int (*phdr_fn)(struct dl_phdr_info *, size_t, void *);

int
dl_iterate_phdr(phdr_fn visit, void *arg)
{
	static int (*next)(phdr_fn, void *);
	int (*known)(phdr_fn, void *);

	trap("dl_iterate_phdr");
	known = __atomic_load_n(&next, __ATOMIC_RELAXED);
	if (known == NULL) {
		*(void **)&known = dlsym(RTLD_NEXT, "dl_iterate_phdr");
		__atomic_store_n(&next, known, __ATOMIC_RELAXED);
	}
	return known(visit, arg);
}
