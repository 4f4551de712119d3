// SPDX-License-Identifier: BSD-3-Clause
// Part 2, Signal Handling: Go's signal registrations go through libc, so that sanitizers and
// preloaded libraries see them. This part converts between Go's layout (go_sigaction_t,
// go_sigset_t) and libc's.
// Re-read runtime/cgo/gcc_sigaction.c, runtime/cgo_sigaction.go and runtime/os_linux.go.
//
// State: none for installed actions, because the kernel's table is the authority. The headers of
// interposition, signal masks and alternate stacks describe their own state.
//
// Callers and stacks:
//   x_cgo_sigaction  callCgoSigaction, on g0 or on a signal stack, perhaps with no g: before Go
//                    is up (libpreinit), in a handler, on a foreign thread
//
// The flags in sa_flags, in both directions: SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_ONSTACK,
// SA_RESTART, SA_NODEFER, SA_RESETHAND and flags that the kernel adds later pass unchanged.
// SA_RESTORER is removed on the way in, because libc supplies its own restorer. On the way out
// the flag and the restorer are passed as libc reports them, so that Go can install them by a raw
// system call.
//
// Masks: libc removes the signals that it uses itself (glibc: 32 and 33) from every mask.
//
// Safety: everything here runs in signal handlers.
//
// Differences between Go versions: 386 and loong64 call this from 1.26 on.
//
// A port must: 1. give go_sigaction_t its layout in go_sigaction.h; 2. supply the four
// conversions below (sigaction_<os>.c).
#ifndef RCGO_SIGNAL_HANDLING_H
#define RCGO_SIGNAL_HANDLING_H

#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include "compat.h"
#include "go_sigaction.h"
#include "go_types.h"

// The signals that libcs use themselves, refuse to change and remove from every mask: 32 and 33,
// on musl also 34.
#define RCGO_LIBC_FIRST 32
#ifdef __GLIBC__
#	define RCGO_LIBC_LAST 33
#else
#	define RCGO_LIBC_LAST 34
#endif

// Returns the signals of libc, and those that the kernel removes from every mask.
static inline go_sigset_t
rcgo__sigset_never_masked(void)
{
	go_sigset_t set = rcgo__sigset_range(RCGO_LIBC_FIRST, RCGO_LIBC_LAST);

	rcgo__sigset_add(&set, SIGKILL);
	rcgo__sigset_add(&set, SIGSTOP);
	return set;
}

// Returns the handler of an action. libc has two members for it, which have the same address on
// every Linux.
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

// Sets *set to the signals of mask, without those that libc reserves.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__sigmask_from_go(sigset_t *set, go_sigset_t mask);

// Returns the signals of *set.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN go_sigset_t rcgo__sigmask_to_go(const sigset_t *set);

// Converts *go, an action as Go describes it, to *act.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__sigaction_from_go(struct sigaction *act, const go_sigaction_t *go);

// Converts *act, an action as libc reports it, to *go.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__sigaction_to_go(go_sigaction_t *go, const struct sigaction *act);

// Initializes this part while Go starts.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__signal_init(void);

// Rewraps the actions of the most important signals that were installed by a call that bypassed
// our wrapper. Such calls come from a library loaded with RTLD_DEEPBIND, a host that loaded this
// library, or a raw system call. A thread calls this function before it runs Go. Actions with
// SA_ONSTACK are not changed: two Go runtimes in one process, each with its own interposition,
// must not wrap each other's handlers.
#ifndef RCGO_WITHOUT_SIGNALS
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_rescan(void);
// Calls rcgo__signal_rescan at most once a second, so that most thread starts need no system call
// for it. The first call on a foreign thread also rescans, because a host installs handlers after
// it has loaded Go.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_rescan_ratelimited(bool is_foreign);
#else
#	define rcgo__signal_rescan_ratelimited(is_foreign) ((void)(is_foreign))
#endif

#endif // RCGO_SIGNAL_HANDLING_H
