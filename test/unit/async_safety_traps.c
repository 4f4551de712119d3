// SPDX-License-Identifier: BSD-3-Clause
// Handler safety: traps. See async_safety_traps.h.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "async_safety_traps.h"

#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__thread bool as_in_handler;

static void
trap(const char *name)
{
	if (as_in_handler) {
		as_in_handler = false;
		(void)!write(STDERR_FILENO, "runtime/cgo: called in a handler: ", 34);
		(void)!write(STDERR_FILENO, name, strlen(name));
		(void)!write(STDERR_FILENO, "\n", 1);
		abort();
	}
}

// Looks the real function up at first use. The tests call each function once before they use
// handlers.
#define TRAP(result, name, params, args)                       \
	result name params;                                    \
	result name params                                     \
	{                                                      \
		static result(*real) params;                   \
		trap(#name);                                   \
		if (real == NULL) {                            \
			void *found = dlsym(RTLD_NEXT, #name); \
			memcpy(&real, &found, sizeof real);    \
		}                                              \
		return real args;                              \
	}

TRAP(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
TRAP(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
TRAP(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
TRAP(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
TRAP(int, pthread_once, (pthread_once_t * o, void (*f)(void)), (o, f))
TRAP(int, pthread_key_create, (pthread_key_t * k, void (*f)(void *)), (k, f))
TRAP(int, pthread_setspecific, (pthread_key_t k, const void *p), (k, p))
TRAP(int, pthread_attr_init, (pthread_attr_t * a), (a))
TRAP(int, pthread_getattr_np, (pthread_t t, pthread_attr_t *a), (t, a))
TRAP(char *, strerror, (int err), (err))
TRAP(int, setenv, (const char *n, const char *v, int o), (n, v, o))
TRAP(int, fflush, (FILE * f), (f))
TRAP(int, atexit, (void (*f)(void)), (f))
TRAP(int, dl_iterate_phdr, (int (*f)(struct dl_phdr_info *, size_t, void *), void *p), (f, p))

// The allocator is libc's own, under the names that glibc offers to programs that interpose malloc.
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *p);

void *
malloc(size_t n)
{
	trap("malloc");
	return __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	trap("calloc");
	return __libc_calloc(n, size);
}

void *
realloc(void *p, size_t n)
{
	trap("realloc");
	return __libc_realloc(p, n);
}

void *
aligned_alloc(size_t alignment, size_t n)
{
	trap("aligned_alloc");
	return __libc_memalign(alignment, n);
}

void
free(void *p)
{
	trap("free");
	__libc_free(p);
}
