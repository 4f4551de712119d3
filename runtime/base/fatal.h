// SPDX-License-Identifier: BSD-3-Clause
// Base: the end of the process, with a message. Every message begins "runtime/cgo:", as people
// grep it, and says what failed, why, and what to do.
#ifndef RCGO_FATAL_H
#define RCGO_FATAL_H

#include "compat.h"

// Writes "runtime/cgo: " and message, which needs no newline at its end, to standard error.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__say(const char *message);

// Writes "runtime/cgo: " and message to standard error and aborts. message may have several
// lines and needs no newline at its end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal(const char *message);

// The same where Go must not report the abort, as in a forked child, which has Go's handler but no
// Go: the process dies by SIGABRT, whatever handler there is.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal_unreported(const char *message);

// As rcgo__fatal, for a call that failed: "runtime/cgo: CALL failed: what err means".
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal_errno(const char *call, int err);

#endif // RCGO_FATAL_H
