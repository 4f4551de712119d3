// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: who is told of a crash on a thread that Go does not know; see
// signal_chain.h.
#ifndef RCGO_CRASH_REPORTER_H
#define RCGO_CRASH_REPORTER_H

#include <signal.h>

#include "compat.h"

// Sets what is called for a fatal signal on a thread that Go does not know, before it goes on as
// it would without: by Go's handler, to the end of the process. NULL: nothing is.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_reporter(
	void (*reporter)(int sig, const siginfo_t *info, void *context));

// Sets what is called at SIGQUIT before Go's handler, which reports all goroutines unless the
// program has asked os/signal for it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_quit(void (*fn)(void));

#endif // RCGO_CRASH_REPORTER_H
