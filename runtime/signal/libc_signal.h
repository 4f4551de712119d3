// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the functions of libc behind ours of the same names: libc's, or those of a
// library that was preloaded; in a static program, where ours have replaced them, the system call.
// They are found without the dynamic loader's lock (symbol_lookup.h), so a first call may be
// anywhere.
#ifndef RCGO_LIBC_SIGNAL_H
#define RCGO_LIBC_SIGNAL_H

#include <signal.h>

#include "compat.h"
#include "interpose.h"

typedef void (*rcgo_any_fn)(void);

#if RCGO_INTERPOSE
// The function of that name that is next in the order in which the dynamic linker searches, or
// instead; *place keeps it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__libc_find(
	rcgo_any_fn *place, const char *name, rcgo_any_fn instead);

// The system call, with libc's restrictions: what libc's signal(3) and its like end in, whatever
// library was preloaded.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__kernel_sigaction(int sig, const struct sigaction *act, struct sigaction *old);

// The next library's __sigaction.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_other_sigaction(
	int sig, const struct sigaction *act, struct sigaction *old);

typedef void (*(*rcgo_signal_fn)(int sig, void (*handler)(int)))(int);

// signal(3) and its like.
enum rcgo_libc_signal {
	RCGO_LIBC_SIGNAL,
	RCGO_LIBC_BSD_SIGNAL,
	RCGO_LIBC_SSIGNAL,
	RCGO_LIBC_SYSV_SIGNAL,
	RCGO_LIBC_SYSV_SIGNAL_TOO, // __sysv_signal
	RCGO_LIBC_SIGNAL_COUNT
};

// The next library's function, where that is a preloaded library's; NULL where it is libc's, which
// needs no call: ours does the same.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_signal_fn rcgo__libc_preloaded(enum rcgo_libc_signal which);
#endif

// Finds them as Go starts, which spares handlers the search.
// Safety: MT-Safe AS-Safe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__libc_init(void);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaltstack(const stack_t *want, stack_t *old);

// pthread_sigmask: returns 0 or an errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old);

// Signal Handling: what C code may block on a thread that runs Go. A blocked fault ends the process
// without a word, where Go would make a panic of it, and while SIGURG is blocked Go cannot stop the
// goroutines that run there. So on such threads SEGV BUS FPE ILL TRAP URG are dropped from what C
// blocks, unless they are blocked already; what C asks for is answered as the kernel has it, so C
// sees that they are open. Threads that Go does not know, forked children, handlers' masks
// (sa_mask), temporary masks (sigsuspend, ppoll) and what libc blocks inside itself are as ever.
//
// State: one word, written as Go starts.

// From now on masks are looked at, in this process.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_mask_init(void);

// What is to be blocked instead of *want: that, or *room, which is then filled in.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const sigset_t *rcgo__signal_mask_filter(int how, const sigset_t *want, sigset_t *room);

// sigprocmask(2) for C code, by whatever function it asks for it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__signal_mask_change(int how, const sigset_t *want, sigset_t *old);

#endif // RCGO_LIBC_SIGNAL_H
