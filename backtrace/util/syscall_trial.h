// SPDX-License-Identifier: BSD-3-Clause
// Base: may a system call be made that stock Go and libc would not make here? A seccomp filter that
// the program has installed after it started may end the process for it, and nothing tells of the
// filter but a call that may be forbidden itself. So a child tries: it makes each of the calls
// once, and the filter ends at most the child.
//
// State: one answer, and the page that the child writes it to. An answer "no" is final.
//
// Callers and stacks: whoever wants to open files or to ask for names: crash reports and the
// symbolizer, in handlers and on g0. The calls are those of child_tries.
#ifndef RCGO_SYSCALL_TRIAL_H
#define RCGO_SYSCALL_TRIAL_H

#include <stdbool.h>

#include "compat.h"

// Whether files may be opened, read, mapped, and names asked for. The answer is remembered; costs a
// child (about 0.1 ms) when there is none, or when it is old.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD bool rcgo__syscall_trial_passed(void);

// Makes an answer "yes" that is older than a second forgotten: the process is about to end, and may
// have been sandboxed meanwhile.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__syscall_trial_renew(void);

#endif // RCGO_SYSCALL_TRIAL_H
