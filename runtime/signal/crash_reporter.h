// SPDX-License-Identifier: BSD-3-Clause
// The functions that are called before Go's handler: at a crash in C code, and at SIGQUIT. See
// signal_chain.h.
#ifndef RCGO_CRASH_REPORTER_H
#define RCGO_CRASH_REPORTER_H

#include <signal.h>
#include <stdbool.h>

#include "compat.h"

// Sets the function that is called for a fatal signal in C code. in_go tells whether Go called that
// code, and so reports its stack. Go's handler runs afterwards and ends the process. NULL: no
// function is called.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_reporter(
	void (*reporter)(int sig, const siginfo_t *info, void *context, bool in_go));

// Sets the function that is called at SIGQUIT before Go's handler. Go's handler reports all
// goroutines unless the program receives SIGQUIT through os/signal.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__signal_chain_set_quit(void (*fn)(void));

#endif // RCGO_CRASH_REPORTER_H
