// SPDX-License-Identifier: BSD-3-Clause
// The next sigaction functions behind the interposers: libc's, those of a preloaded library, or
// in a static program the system call. Runs on any stack, also in signal handlers.

#include "libc_signal.h"

#include <errno.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "interpose.h"
#include "symbol_lookup.h"
#include "kernel.h"
#include "raw_syscall.h"
#include "sanitizer.h"
#include "sigframe.h"
#include "signal_handling.h"
#include "thread_record.h"

#ifndef SA_RESTORER
#	define SA_RESTORER 0x04000000
#endif

#if RCGO_INTERPOSE // otherwise libc_signal_none.c

// owner: rcgo__libc_sigaction, always with the same value; lock: none; ordering: none needed
static rcgo_any_fn next_sigaction;

// owner: as next_sigaction; lock: none; ordering: none needed
static rcgo_any_fn next_other_sigaction;

// libc has each of these functions under at least two names. If the two names lead to different
// functions, one of them is a preloaded library's.
static const struct {
	const char *name;
	enum rcgo_libc_signal twin;
} libc_signals[RCGO_LIBC_SIGNAL_COUNT] = {
	[RCGO_LIBC_SIGNAL] = {"signal", RCGO_LIBC_BSD_SIGNAL},
	[RCGO_LIBC_BSD_SIGNAL] = {"bsd_signal", RCGO_LIBC_SSIGNAL},
	[RCGO_LIBC_SSIGNAL] = {"ssignal", RCGO_LIBC_BSD_SIGNAL},
	[RCGO_LIBC_SYSV_SIGNAL] = {"sysv_signal", RCGO_LIBC_SYSV_SIGNAL_TOO},
	[RCGO_LIBC_SYSV_SIGNAL_TOO] = {"__sysv_signal", RCGO_LIBC_SYSV_SIGNAL},
};

// owner: rcgo__libc_preloaded, always with the same values; lock: none; ordering: release and
// acquire
static rcgo_any_fn next_signals[RCGO_LIBC_SIGNAL_COUNT];

int
rcgo__kernel_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	go_sigaction_t kernel = {0}, kernel_old;

	if (sig >= RCGO_LIBC_FIRST && sig <= RCGO_LIBC_LAST) {
		errno = EINVAL;
		return -1;
	}
	if (act != NULL) {
		memcpy(&kernel.handler, &act->sa_handler, sizeof kernel.handler);
		kernel.flags = (unsigned)act->sa_flags | (unsigned)SA_RESTORER;
		kernel.restorer = (uintptr_t)rcgo__sigreturn;
		kernel.mask = rcgo__sigset_minus(
			rcgo__sigmask_to_go(&act->sa_mask), rcgo__sigset_never_masked());
	}
	if (syscall(SYS_rt_sigaction, sig, act != NULL ? &kernel : NULL,
		    old != NULL ? &kernel_old : NULL, sizeof(go_sigset_t)) != 0) {
		return -1;
	}
	if (old != NULL) {
		rcgo__sigaction_from_go(old, &kernel_old);
	}
	return 0;
}

void
rcgo__libc_find(rcgo_any_fn *place, const char *name, rcgo_any_fn instead)
{
	void *found = rcgo__lookup_next(name);

	if (found != NULL) {
		memcpy(&instead, &found, sizeof instead);
	}
	rcgo_store_rel(place, instead);
}

// Indirect: libc's sigaction or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	if (rcgo_load_acq(&next_sigaction) == NULL) {
		rcgo__libc_find(&next_sigaction, "sigaction", (rcgo_any_fn)rcgo__kernel_sigaction);
	}
	return ((rcgo_sigaction_fn)rcgo_load_rlx(&next_sigaction))(sig, act, old);
}

// Marks a function that no library has.
static void
no_function(void)
{
}

static rcgo_any_fn
next_signal(enum rcgo_libc_signal which)
{
	if (rcgo_load_acq(&next_signals[which]) == NULL) {
		rcgo__libc_find(&next_signals[which], libc_signals[which].name, no_function);
	}
	return rcgo_load_rlx(&next_signals[which]);
}

rcgo_signal_fn
rcgo__libc_preloaded(enum rcgo_libc_signal which)
{
	rcgo_any_fn next = next_signal(which), twin = next_signal(libc_signals[which].twin);
	bool from_libc = next == twin || next == no_function || twin == no_function;

	return from_libc ? NULL : (rcgo_signal_fn)next;
}

// Indirect: as in rcgo__libc_sigaction.
int
rcgo__libc_other_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	if (rcgo_load_acq(&next_other_sigaction) == NULL) {
		rcgo__libc_find(
			&next_other_sigaction, "__sigaction", (rcgo_any_fn)rcgo__kernel_sigaction);
	}
	return ((rcgo_sigaction_fn)rcgo_load_rlx(&next_other_sigaction))(sig, act, old);
}

// libc's functions for a thread's signal mask and alternate stack, behind the interposers. Runs
// on any stack, also in signal handlers.

typedef int (*mask_fn)(int, const sigset_t *, sigset_t *);
typedef int (*altstack_fn)(const stack_t *, stack_t *);

// The signals that libc removes from a mask that is set, and from a mask that is returned.
#	define LIBC_RESERVED rcgo__sigset_range(RCGO_LIBC_FIRST, RCGO_LIBC_LAST)
#	ifdef __GLIBC__
#		define NEVER_SET LIBC_RESERVED
#		define NEVER_SHOWN rcgo__sigset_empty()
#	else
#		define NEVER_SET rcgo__sigset_empty()
#		define NEVER_SHOWN LIBC_RESERVED
#	endif

// owner: the first call, always with the same value; lock: none; ordering: release and acquire
static rcgo_any_fn next_thread_mask, next_sigprocmask, next_sigaltstack;

static int
raw_thread_mask(int how, const sigset_t *want, sigset_t *old)
{
	go_sigset_t set = rcgo__sigset_empty(), before;
	long err;

	if (want != NULL) {
		set = rcgo__sigset_minus(rcgo__sigmask_to_go(want), NEVER_SET);
	}
	err = rcgo__kernel_sigmask(how, want != NULL ? &set : NULL, &before);
	if (err == 0 && old != NULL) {
		before = rcgo__sigset_minus(before, NEVER_SHOWN);
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
	return fail_with(
		(int)-rcgo__raw_syscall(SYS_sigaltstack, (long)want, (long)old, 0, 0, 0, 0));
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
	rcgo__libc_find(&next_other_sigaction, "__sigaction", (rcgo_any_fn)rcgo__kernel_sigaction);
	for (int which = 0; which < RCGO_LIBC_SIGNAL_COUNT; which++) {
		rcgo__libc_preloaded((enum rcgo_libc_signal)which);
	}
	rcgo__libc_find(&next_sigaltstack, "sigaltstack", (rcgo_any_fn)raw_sigaltstack);
	rcgo__libc_find(&next_thread_mask, "pthread_sigmask", (rcgo_any_fn)raw_thread_mask);
	rcgo__libc_find(&next_sigprocmask, "sigprocmask", (rcgo_any_fn)raw_sigprocmask);
}

#endif
