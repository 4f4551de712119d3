// SPDX-License-Identifier: BSD-3-Clause
// The libc functions behind the interposers of the same names: those of libc, or of a preloaded
// library. In a static program, where the interposers have replaced them, this is the system
// call. They are found without the dynamic loader's lock (symbol_lookup.h), so the first call may
// come from any context.
#ifndef RCGO_LIBC_SIGNAL_H
#define RCGO_LIBC_SIGNAL_H

#include <signal.h>

#include "compat.h"
#include "interpose.h"

typedef void (*rcgo_any_fn)(void);

#if RCGO_INTERPOSE
// Finds the next function called name in the dynamic linker's search order and stores it in
// *place. If there is none, stores instead.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__libc_find(
	rcgo_any_fn *place, const char *name, rcgo_any_fn instead);

// Calls rt_sigaction with libc's restrictions. libc's signal(3) and its relatives end in this
// call, even if a library is preloaded.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__kernel_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

// Calls the next library's __sigaction.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_other_sigaction(
	int sig, const struct sigaction *act, struct sigaction *old);

typedef void (*(*rcgo_signal_fn)(int sig, void (*handler)(int)))(int);

// signal(3) and its relatives.
enum rcgo_libc_signal {
	RCGO_LIBC_SIGNAL,
	RCGO_LIBC_BSD_SIGNAL,
	RCGO_LIBC_SSIGNAL,
	RCGO_LIBC_SYSV_SIGNAL,
	RCGO_LIBC_SYSV_SIGNAL_TOO, // __sysv_signal
	RCGO_LIBC_SIGNAL_COUNT
};

// Returns the next library's function if it belongs to a preloaded library. Returns NULL if it is
// libc's, which need not be called because the interposer does the same.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_signal_fn rcgo__libc_preloaded(enum rcgo_libc_signal which);
#endif

// Finds the functions while Go starts, so that signal handlers need not search.
// Safety: MT-Safe AS-Safe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__libc_init(void);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaltstack(const stack_t *want, stack_t *old);

// Calls the next pthread_sigmask. Returns 0 or an errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old);

// The signals that C code can block on a thread that runs Go. A blocked fault ends the process
// without a message, where Go would turn it into a panic. While SIGURG is blocked, Go cannot
// preempt the goroutines that run on the thread. Therefore SEGV, BUS, FPE, ILL, TRAP and URG are
// removed from what C code blocks on such threads, unless they are already blocked. A query
// reports the kernel's mask, so C code sees that they are open. Not changed are: threads that Go
// does not know, forked children, handlers' masks (sa_mask), temporary masks (sigsuspend, ppoll)
// and the signals that libc blocks internally.
//
// State: one word, written while Go starts.

// Starts to filter signal masks in the calling process.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_mask_init(void);

// Returns the mask to use instead of *want: want itself, or room, which this function then fills
// in.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const sigset_t *rcgo__signal_mask_filter(int how, const sigset_t *want, sigset_t *room);

// Implements sigprocmask(2) and its relatives for C code.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__signal_mask_change(int how, const sigset_t *want, sigset_t *old);

#endif // RCGO_LIBC_SIGNAL_H
