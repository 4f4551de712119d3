// SPDX-License-Identifier: BSD-3-Clause
// Base: ends the process with a message. Every message begins with "runtime/cgo:", which users
// search for. It says what failed, why, and what to do.
#ifndef RCGO_FATAL_H
#define RCGO_FATAL_H

#include "compat.h"

// Writes "runtime/cgo: ", message and a newline to standard error. message needs no newline.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__say(const char *message);

// Writes "runtime/cgo: ", message and a newline to standard error, then aborts. message may have
// several lines.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal(const char *message);

// As rcgo__fatal, but the process dies by SIGABRT whatever handler is installed. For a forked
// child, which has Go's signal handler but no running Go to report the abort.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal_unreported(const char *message);

// As rcgo__fatal, for a failed call: the message is "CALL failed: " and the text of err.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__fatal_errno(const char *call, int err);

#endif // RCGO_FATAL_H
