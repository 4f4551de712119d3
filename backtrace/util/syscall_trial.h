// SPDX-License-Identifier: BSD-3-Clause
// Tests whether system calls are permitted that stock Go and libc would not make. A seccomp filter
// that the program installed after its start may end the process for such a call. No call reports
// the filter that might not be forbidden itself. Therefore a child process makes each of the calls
// once, and the filter ends at most the child.
//
// State: one answer, and the page to which the child writes it. The answer "no" is final.
//
// Callers and stacks: code that opens files or asks for names: crash reports and the symbolizer, in
// handlers and on g0. trial_child_main lists the calls.
#ifndef RCGO_SYSCALL_TRIAL_H
#define RCGO_SYSCALL_TRIAL_H

#include <stdbool.h>

#include "compat.h"

// Reports whether files may be opened, read and mapped, and names may be asked for. The answer is
// cached. It costs a child process (about 0.1 ms) if there is no answer or it is old.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD bool rcgo__syscall_trial_passed(void);

// Reports whether timers of the kernel are permitted as well, by a new trial. False if there was
// none. Call in a process with one thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__syscall_trial_timers(void);

// Discards an answer "yes" that is older than a second. Called when the process is about to end,
// because it may have been sandboxed meanwhile.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__syscall_trial_renew(void);

#endif // RCGO_SYSCALL_TRIAL_H
