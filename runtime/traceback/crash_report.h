// SPDX-License-Identifier: BSD-3-Clause
// The report of a crash on a thread that Go does not know. Go prints no stack for such a thread.
// The report has the thread, the signal and its address, and the C stack with file and line, on
// standard error. Afterwards the process ends as it would without the report.
//
// The report is on unless RCGO=crash=off. One thread reports at a time (crash_lock.h), to the
// outputs of report.h. If Go shows no stacks (GOTRACEBACK=none, raised privileges), the report is
// one line without addresses.
#ifndef RCGO_CRASH_REPORT_H
#define RCGO_CRASH_REPORT_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// Enables crash reports while Go starts. crash_fd points to Go's variable for the descriptor of its
// crash output.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__crash_init(uintptr_t *crash_fd);

// Writes the report of a crash to the file of RCGO=crash=json:FILE, if that is set. in_go: the
// thread was in a C call of Go.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__crash_json(int sig, const siginfo_t *info, const void *context, bool in_go);

// signal returns the name and meaning of a signal, such as "SIGSEGV: segmentation violation". code
// returns the meaning of si_code for that signal, or "" if there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__crash_signal(int sig);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__crash_code(int sig, int code);

// Calls fn(arg) on the stack whose highest address is top (runtime/arch).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__call_on(void (*fn)(void *), void *arg, void *top);

#define RCGO_OWN_STACK ((size_t)256 * 1024)

// Maps a stack of RCGO_OWN_STACK bytes. The caller stores the data of its work at the low end.
// Returns NULL if there is no memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void *rcgo__own_stack_map(void);

// Calls fn(stack) on that stack, then unmaps it. The caller must have blocked all signals.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__own_stack_run(void *stack, void (*fn)(void *));

#endif // RCGO_CRASH_REPORT_H
