// SPDX-License-Identifier: BSD-3-Clause
// The functions that are called before Go's handler: at a crash on a thread that Go does not
// know, and at SIGQUIT. See signal_chain.h.
#ifndef RCGO_CRASH_REPORTER_H
#define RCGO_CRASH_REPORTER_H

#include <signal.h>

#include "compat.h"

// Sets the function that is called for a fatal signal on a thread that Go does not know. Go's
// handler runs afterwards and ends the process. NULL: no function is called.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_reporter(
	void (*reporter)(int sig, const siginfo_t *info, void *context));

// Sets the function that is called at SIGQUIT before Go's handler. Go's handler reports all
// goroutines unless the program receives SIGQUIT through os/signal.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_quit(void (*fn)(void));

#endif // RCGO_CRASH_REPORTER_H
