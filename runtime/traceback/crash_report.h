// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: the report of a crash on a thread that Go does not know. Go prints
// no stack there; this prints the thread, the signal and its address, and the C stack with file and
// line, on standard error. The process then ends as it would have without.
//
// It is on unless RCGO=crash=off. One thread reports at a time (crash_lock.h), to the outputs
// of report.h. Where Go shows no stacks (GOTRACEBACK=none, raised privileges) there is one
// line, without addresses.
#ifndef RCGO_CRASH_REPORT_H
#define RCGO_CRASH_REPORT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Makes the reports ready, as Go starts. crash_fd is where Go has the descriptor of its crash
// output.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__crash_init(uintptr_t *crash_fd);

// What a signal means, such as "segmentation violation", with its name before it; and what si_code
// means for it, "" when there is nothing to say.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__crash_signal(int sig);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__crash_code(int sig, int code);

// Calls fn(arg) on the stack that ends at top (runtime/arch).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__call_on(void (*fn)(void *), void *arg, void *top);

#define RCGO_OWN_STACK ((size_t)256 * 1024)

// Maps a stack; at its low end the caller puts what the work is to get. NULL: there is no memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void *rcgo__own_stack_map(void);

// Calls fn(stack) on it, with all signals blocked by the caller, and unmaps it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__own_stack_run(void *stack, void (*fn)(void *));

#endif // RCGO_CRASH_REPORT_H
