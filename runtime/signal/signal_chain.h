// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what our handler in front of Go's sees in a fault that is not Go's.
#ifndef RCGO_SIGNAL_CHAIN_H
#define RCGO_SIGNAL_CHAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// A signal has interrupted C code and nobody but Go handles it. Names the overflow of a stack on
// standard error; and when the thread is not one that Go knows, calls the reporter.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__c_fault_inspect(int sig, const siginfo_t *info, void *context);

// Signal Handling: what stands between the kernel and Go's handler. Go installs its handler by
// x_cgo_sigaction; for those of a crash (SEGV BUS FPE ILL TRAP ABRT SYS) and QUIT it gets us
// instead, which looks at faults that are not Go's and goes on to Go's. It tells the overflow of a
// C stack by its name, and calls the reporter when a thread that Go does not know is about to die.
// And what C installed before Go, and Go calls for it, gets its own mask and is called once if it
// asked for that (golang/go#32659); Go gives it back whole.
//
// State: Go's handler, and by signal what C had installed when Go came: written by whoever calls
// x_cgo_sigaction, read in handlers; all single words.
//
// Where no Go is linked in (rcgo__go_text), and under sanitizers, nothing here has any effect.

// Go's sigaction: act and old are Go's view. Returns 0 or an errno.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__signal_chain_sigaction(
	int sig, const struct sigaction *act, struct sigaction *old);

typedef void (*rcgo_go_handler)(int sig, siginfo_t *info, void *context);

// What the kernel gets in place of Go's handler: rcgo__signal_chain_inspect, and then Go's handler,
// by a jump (runtime/arch).
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context);

// Looks at a signal of crashes, on the alternate stack with all signals blocked. Returns Go's
// handler, which the kernel would have called.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN rcgo_go_handler rcgo__signal_chain_inspect(
	int sig, siginfo_t *info, void *context);

// Go's handler for sig, or NULL before Go has installed one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_go_handler rcgo__signal_chain_go_handler(int sig);

// Whether a handler that the kernel has is Go's, or ours before it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_chain_is_go_handler(uintptr_t handler);

struct rcgo_action_slot;

// What C had for sig when Go came, for Go to call; NULL when it had nothing, or that is used up.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__signal_chain_saved(int sig);

// When C puts Go's handler back: makes *act what Go would have installed, with ours before it.
// Returns false, and changes nothing, when the handler is not Go's.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_chain_wrap(int sig, struct sigaction *act);

#endif // RCGO_SIGNAL_CHAIN_H
