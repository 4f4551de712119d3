// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: libc's functions for a thread's signal mask and stack, behind ours. Runs on any
// stack, in handlers too.

#include "rcgo_libc.h"

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
static rcgo_any_fn next_thread_mask, next_sigprocmask, next_sigaltstack;

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

// Indirect: libc's sigaltstack or its like, a system call.
int
rcgo__libc_sigaltstack(const stack_t *want, stack_t *old)
{
	if (rcgo_load_acq(&next_sigaltstack) == NULL) {
		rcgo__libc_find(&next_sigaltstack, "sigaltstack", (rcgo_any_fn)raw_sigaltstack);
	}
	return ((altstack_fn)rcgo_load_rlx(&next_sigaltstack))(want, old);
}

// Indirect: libc's pthread_sigmask or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	if (rcgo_load_acq(&next_thread_mask) == NULL) {
		rcgo__libc_find(&next_thread_mask, "pthread_sigmask", (rcgo_any_fn)raw_thread_mask);
	}
	return ((mask_fn)rcgo_load_rlx(&next_thread_mask))(how, want, old);
}

// Indirect: libc's sigprocmask or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	if (rcgo_load_acq(&next_sigprocmask) == NULL) {
		rcgo__libc_find(&next_sigprocmask, "sigprocmask", (rcgo_any_fn)raw_sigprocmask);
	}
	return ((mask_fn)rcgo_load_rlx(&next_sigprocmask))(how, want, old);
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
