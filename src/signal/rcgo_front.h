// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: who is told of a crash on a thread that Go does not know; see
// rcgo_front_parts.h.
#ifndef RCGO_FRONT_H
#define RCGO_FRONT_H

#include <signal.h>

#include "rcgo_base.h"

// Sets what is called for a fatal signal on a thread that Go does not know, before it goes on as
// it would without: by Go's handler, to the end of the process. NULL: nothing is.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__front_set_reporter(
	void (*reporter)(int sig, const siginfo_t *info, void *context));

#endif // RCGO_FRONT_H
