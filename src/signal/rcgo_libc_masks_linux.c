// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: libc's functions for a thread's signal mask and stack, behind ours. Runs on any
// stack, in handlers too.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // RTLD_NEXT
#endif

#include "rcgo_libc.h"

#include <dlfcn.h>
#include <errno.h>

#include "rcgo_raw.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"

#if RCGO_SANITIZED || defined(RCGO_WITHOUT_SIGNALS)

void
rcgo__libc_init(void)
{
}

int
rcgo__libc_sigaltstack(const stack_t *want, stack_t *old)
{
	return sigaltstack(want, old);
}

int
rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	return pthread_sigmask(how, want, old);
}

int
rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	return sigprocmask(how, want, old);
}

#else

typedef int (*mask_fn)(int, const sigset_t *, sigset_t *);
typedef int (*altstack_fn)(const stack_t *, stack_t *);

// What libc keeps out of a mask that is set, and out of one that is shown.
#	define LIBCS                                                             \
		((((go_sigset_t)1 << (RCGO_LIBC_LAST - RCGO_LIBC_FIRST + 1)) - 1) \
			<< (RCGO_LIBC_FIRST - 1))
#	ifdef __GLIBC__
#		define NEVER_SET LIBCS
#		define NEVER_SHOWN ((go_sigset_t)0)
#	else
#		define NEVER_SET ((go_sigset_t)0)
#		define NEVER_SHOWN LIBCS
#	endif

// owner: the first call, always with the same value; lock: none; ordering: release and acquire
static mask_fn next_thread_mask, next_sigprocmask;
// owner: as next_thread_mask; lock: none; ordering: release and acquire
static altstack_fn next_sigaltstack;

static int
raw_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	go_sigset_t set = want != NULL ? rcgo__sigmask_to_go(want) & ~NEVER_SET : 0;
	go_sigset_t before;
	long err = rcgo__raw(SYS_rt_sigprocmask, how, (long)(want != NULL ? &set : NULL),
		(long)&before, sizeof set, 0, 0);

	if (err == 0 && old != NULL) {
		before &= ~NEVER_SHOWN;
		memcpy(old, &before, sizeof before);
	}
	return (int)-err;
}

static int
fail_with(int err)
{
	if (err == 0) {
		return 0;
	}
	errno = err;
	return -1;
}

static int
raw_sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	return fail_with(raw_thread_mask(how, want, old));
}

static int
raw_sigaltstack(const stack_t *want, stack_t *old)
{
	return fail_with((int)-rcgo__raw(SYS_sigaltstack, (long)want, (long)old, 0, 0, 0, 0));
}

// The next function of a name in the order in which the dynamic linker searches, else instead.
static mask_fn
find_mask_fn(mask_fn *place, const char *name, mask_fn instead)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found != NULL) {
		memcpy(&instead, &found, sizeof instead);
	}
	rcgo_store_rel(place, instead);
	return instead;
}

static altstack_fn
find_sigaltstack(void)
{
	void *found = dlsym(RTLD_NEXT, "sigaltstack");
	altstack_fn fn = raw_sigaltstack;

	if (found != NULL) {
		memcpy(&fn, &found, sizeof fn);
	}
	rcgo_store_rel(&next_sigaltstack, fn);
	return fn;
}

// Indirect: libc's sigaltstack or its like, a system call.
int
rcgo__libc_sigaltstack(const stack_t *want, stack_t *old)
{
	altstack_fn fn = rcgo_load_acq(&next_sigaltstack);

	return (fn != NULL ? fn : find_sigaltstack())(want, old);
}

// Indirect: libc's pthread_sigmask or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	mask_fn fn = rcgo_load_acq(&next_thread_mask);

	if (fn == NULL) {
		fn = find_mask_fn(&next_thread_mask, "pthread_sigmask", raw_thread_mask);
	}
	return fn(how, want, old);
}

// Indirect: libc's sigprocmask or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	mask_fn fn = rcgo_load_acq(&next_sigprocmask);

	if (fn == NULL) {
		fn = find_mask_fn(&next_sigprocmask, "sigprocmask", raw_sigprocmask);
	}
	return fn(how, want, old);
}

void
rcgo__libc_init(void)
{
	stack_t st;
	sigset_t mask;

	rcgo__libc_sigaltstack(NULL, &st);
	rcgo__libc_thread_mask(SIG_BLOCK, NULL, &mask);
	rcgo__libc_sigprocmask(SIG_BLOCK, NULL, &mask);
}

#endif
