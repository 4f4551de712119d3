// SPDX-License-Identifier: BSD-3-Clause
// Starts the signal part, on the OS stack, before Go's state exists.

//go:build unix

#include "altstack.h"
#include "interpose.h"
#include "libc_signal.h"
#include "options.h"
#include "signal_chain.h"
#include "signal_dump.h"
#include "signal_handling.h"

void
rcgo__signal_init(void)
{
	if (rcgo__option_is("signals", "off")) {
		rcgo__interpose_set_mode(RCGO_INTERPOSE_OFF);
		rcgo__altstack_off();
	} else if (rcgo__option_is("signals", "onstack")) {
		rcgo__interpose_set_mode(RCGO_INTERPOSE_ONSTACK);
	}
	if (!rcgo__option_is("signals", "off")) {
		rcgo__signal_mask_init();
	}
	// Without any of these, nothing needs to see a signal before Go or C does.
	if (rcgo__option_is("signals", "off") && rcgo__option_is("crash", "off") &&
		rcgo__option_is("traceback", "off")) {
		rcgo__signal_chain_off();
	}
	if (!rcgo__option_is("crash", "off")) {
		rcgo__signal_chain_note_defaults();
	}
	rcgo__signal_dump_init();
	rcgo__libc_init();
}
