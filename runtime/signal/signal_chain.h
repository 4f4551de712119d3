// SPDX-License-Identifier: BSD-3-Clause
// The signal chain: first-chance analysis of faults outside Go code, and Go's own sigaction.
#ifndef RCGO_SIGNAL_CHAIN_H
#define RCGO_SIGNAL_CHAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// Analyzes a signal that interrupted C code and that only Go handles. Writes a message to
// standard error if a stack has overflowed. If Go does not know the thread, calls the reporter.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__c_fault_inspect(int sig, const siginfo_t *info, void *context);

// The signal chain is what runs between the kernel and Go's handler. Go installs its handler by
// x_cgo_sigaction. For the crash signals (SEGV BUS FPE ILL TRAP ABRT SYS) and QUIT the kernel
// gets a first-chance handler instead. It inspects faults outside Go code and then jumps to Go's
// handler. It reports the overflow of a C stack, and calls the reporter when a thread that Go
// does not know is about to die. When Go forwards a signal to a C handler that was installed
// first, the handler's sa_mask and SA_RESETHAND are honoured (golang/go#32659). When Go restores
// that handler, its flags and mask are restored too.
//
// State: Go's handler, and for each signal the action that C had installed before Go. It is
// written by callers of x_cgo_sigaction and read in handlers. Each item is a single word.
//
// In a program without Go code (rcgo__go_text) and under sanitizers, nothing here has any effect.

// On some CPUs Go installs its handlers by system calls: on Linux those other than amd64 and arm64
// (on 386 and loong64 before 1.26), on FreeBSD those other than amd64. The chain is then made when
// Go has started, for the signals that had their default action before. Go does not install its
// handlers of crash signals again.
#if defined(__x86_64__) || (defined(__linux__) && defined(__aarch64__))
#	define RCGO_ADOPTS_GO_HANDLERS 0
#else
#	define RCGO_ADOPTS_GO_HANDLERS 1
#endif

#if RCGO_ADOPTS_GO_HANDLERS

// Notes which signals have their default action. Call before Go installs its handlers.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_note_defaults(void);

// Installs the first-chance handler for those that have Go's handler now, if Go has not called
// x_cgo_sigaction.
// Safety: MT-Unsafe AS-Unsafe | stack=c g=set errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_adopt(void);

#else

static inline void
rcgo__signal_chain_note_defaults(void)
{
}

static inline void
rcgo__signal_chain_adopt(void)
{
}

#endif

// Implements sigaction for Go. act and old are Go's view. Returns 0 or an errno.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__signal_chain_sigaction(
	int sig, const struct sigaction *act, struct sigaction *old);

// Passes Go's later actions to libc as they are: there is no first-chance handler, and Go itself
// calls the handlers that C had before it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_off(void);

typedef void (*rcgo_go_handler)(int sig, siginfo_t *info, void *context);

// The handler that the kernel gets in place of Go's. Calls rcgo__signal_chain_inspect and then
// jumps to the handler that it returns (runtime/arch).
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context);

// Inspects a crash signal, on the alternate stack with all signals blocked. Returns the handler
// to run next, usually Go's.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN rcgo_go_handler rcgo__signal_chain_inspect(
	int sig, siginfo_t *info, void *context);

// Handles a signal that may be a timer's; returns whether it is one. Go's handler gets the others.
typedef bool (*rcgo_timer_fn)(const siginfo_t *info, const void *context);

// Installs the first-chance handler also for SIGURG, where it calls fn. Returns false if the
// handler of SIGURG is not Go's.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__signal_chain_set_timer(rcgo_timer_fn fn);

// Returns Go's handler for sig, or NULL if Go has not installed one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_go_handler rcgo__signal_chain_go_handler(int sig);

// Go's handler, which is the same for all signals; NULL before Go has installed one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN rcgo_go_handler rcgo__signal_chain_handler(void);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_set_handler(rcgo_go_handler handler);

// Records whether Go's handler is installed for sig.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_set_installed(int sig, bool installed);

// Returns whether a handler in the kernel's table is Go's or the first-chance handler before it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_chain_is_go_handler(uintptr_t handler);

struct rcgo_action_slot;

// Returns the action that C had for sig before Go, for Go to call. NULL if there was none, or if
// it was one-shot and has been consumed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_action_slot *rcgo__signal_chain_saved(int sig);

// Stores that action; NULL if there was none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_save(int sig, const struct rcgo_action_slot *saved);

// The handler that Go is shown in place of C's. It calls C's handler as the kernel would: with its
// mask, and once if it is one-shot.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_chain_forward(int sig, siginfo_t *info, void *context);

// For C code that restores Go's handler: changes *act to what Go would have installed, with the
// first-chance handler. Returns false and changes nothing if the handler is not Go's.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_chain_wrap(int sig, struct sigaction *act);

#endif // RCGO_SIGNAL_CHAIN_H
