// SPDX-License-Identifier: BSD-3-Clause
// Part 2, Signal Handling: Go's registrations go through libc, so that sanitizers and preloaded
// libraries see them, and between Go's layout (go_sigaction_t, go_sigset_t) and libc's.
// Re-read runtime/cgo/gcc_sigaction.c, runtime/cgo_sigaction.go and runtime/os_linux.go.
//
// State: of what is installed none: the kernel's table is the authority. What the guard, the masks
// and the alternate stacks keep, their own headers say; sigaction_linux.c has the two functions
// that Go's start gives it.
//
// Callers and stacks:
//   x_cgo_sigaction  callCgoSigaction, on g0 or on a signal stack, perhaps with no g: before Go
//                    is up (libpreinit), in a handler, on a thread of C
//
// How each flag of sa_flags fares, in both directions: SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO,
// SA_ONSTACK, SA_RESTART, SA_NODEFER, SA_RESETHAND and any that the kernel may add pass as they
// are. SA_RESTORER is taken out on the way in, for libc supplies its own restorer; on the way out
// it and the restorer are given as libc reports them, so that Go may install them by a raw call.
//
// Masks: libc keeps the signals that it uses itself (glibc: 32 and 33) out of every mask.
//
// Safety: everything here runs in signal handlers.
//
// Differences between Go versions: 386 and loong64 call this from 1.26 on.
//
// A port must: 1. give go_sigaction_t its layout in go_sigaction.h; 2. supply the four
// conversions below (rcgo_sigaction_<os>.c).
#ifndef RCGO_SIGNAL_HANDLING_H
#define RCGO_SIGNAL_HANDLING_H

#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "compat.h"
#include "go_sigaction.h"
#include "go_types.h"

#define RCGO_SIGNALS 64

// What libcs use themselves, refuse to change and keep out of every mask: 32 and 33, musl 34 too.
#define RCGO_LIBC_FIRST 32
#ifdef __GLIBC__
#	define RCGO_LIBC_LAST 33
#else
#	define RCGO_LIBC_LAST 34
#endif

// Those, and what the kernel takes out of every mask.
#define RCGO_NEVER_MASKED                                                         \
	(((go_sigset_t)1 << (SIGKILL - 1)) | ((go_sigset_t)1 << (SIGSTOP - 1)) |  \
		((((go_sigset_t)1 << (RCGO_LIBC_LAST - RCGO_LIBC_FIRST + 1)) - 1) \
			<< (RCGO_LIBC_FIRST - 1)))

// The handler of an action, whichever of libc's two members it is: they lie at one address on every
// Linux.
static inline uintptr_t
rcgo__action_handler(const struct sigaction *act)
{
	uintptr_t handler;

	memcpy(&handler, &act->sa_handler, sizeof handler);
	return handler;
}

static inline void
rcgo__action_set_handler(struct sigaction *act, uintptr_t handler)
{
	memcpy(&act->sa_handler, &handler, sizeof handler);
}

// Sets *set to the signals of mask, without those that libc keeps for itself.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__sigmask_from_go(sigset_t *set, go_sigset_t mask);

// The signals of *set.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN go_sigset_t rcgo__sigmask_to_go(const sigset_t *set);

// Sets *act to what Go wants; *go is not changed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__sigaction_from_go(struct sigaction *act, const go_sigaction_t *go);

// Sets *go to what libc reports.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__sigaction_to_go(go_sigaction_t *go, const struct sigaction *act);

struct rcgo_altstack;

// What the signal part wants to know of the calling thread.
struct rcgo_signal_thread {
	// Its C stack, and another that C has switched to: lowest address and end, 0, 0 if unknown.
	uintptr_t stack_lo, stack_hi;
	uintptr_t alt_c_stack_lo, alt_c_stack_hi;
	// Its g0; NULL if unknown.
	const G *g0;
	// It may be on a goroutine's stack though it is unknown: Go did not tell us of all threads.
	bool unknown_in_go;
	bool is_foreign;
	struct rcgo_altstack *altstack;
};

// Fills in *t for the calling thread. Returns false, and changes but unknown_in_go, when Go has
// never been on this thread, or is on its way in or out.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_thread(struct rcgo_signal_thread *t);

// Whether the calling thread ran over the end of its C stack when its stack pointer was sp and it
// touched fault_address; then buf gets a line that says so.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_overflow(
	uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap);

// Prepares this part as Go starts. The functions answer the two questions above; they run in
// handlers.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__signal_init(bool (*thread_fn)(struct rcgo_signal_thread *),
	bool (*overflow_fn)(uintptr_t, uintptr_t, char *, size_t));

// Guards what C has installed past our sigaction for the signals that matter most: by a library
// that was loaded with RTLD_DEEPBIND, a host that loaded us, or a raw system call. For a thread
// that begins to run Go. What has SA_ONSTACK stays: two guards of two Go runtimes in one process
// must not wrap each other.
#ifndef RCGO_WITHOUT_SIGNALS
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_rescan(void);
// The same, but at most once a second, so that a thread's start costs no system call for it; and at
// the first call that a thread of C makes: a host installs handlers after it has loaded Go.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_rescan_ratelimited(bool is_foreign);
#else
#	define rcgo__signal_rescan_ratelimited(is_foreign) ((void)(is_foreign))
#endif

#endif // RCGO_SIGNAL_HANDLING_H
