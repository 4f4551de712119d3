// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what our handler in front of Go's sees in a fault that is not Go's.
#ifndef RCGO_CRASH_LOOK_H
#define RCGO_CRASH_LOOK_H

#include <signal.h>

#include "rcgo_base.h"

// A signal has interrupted C code and nobody but Go handles it. Names the overflow of a stack on
// standard error; and when the thread is not one that Go knows, calls the reporter.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__crash_look(int sig, const siginfo_t *info, void *context);

#endif // RCGO_CRASH_LOOK_H
