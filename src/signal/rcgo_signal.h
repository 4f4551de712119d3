// SPDX-License-Identifier: BSD-3-Clause
// Part 2, Signal Handling: Go's registrations go through libc, so that sanitizers and preloaded
// libraries see them, and between Go's layout (go_sigaction_t, go_sigset_t) and libc's.
// Re-read runtime/cgo/gcc_sigaction.c, runtime/cgo_sigaction.go and runtime/os_linux.go.
//
// State: none; the kernel's table is the authority.
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
// A port must: 1. give go_sigaction_t its layout in rcgo_go_sigaction.h; 2. supply the four
// conversions below (rcgo_sigmask_<os>.c).
#ifndef RCGO_SIGNAL_H
#define RCGO_SIGNAL_H

#include <signal.h>

#include "rcgo_base.h"
#include "rcgo_go_sigaction.h"

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

#endif // RCGO_SIGNAL_H
