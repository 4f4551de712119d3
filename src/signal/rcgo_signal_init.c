// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what it is told as Go starts. rcgo__signal_thread runs in handlers.

#include "rcgo_altstack_parts.h"
#include "rcgo_front_parts.h"
#include "rcgo_guard.h"
#include "rcgo_libc.h"
#include "rcgo_masks.h"
#include "rcgo_options.h"
#include "rcgo_signal.h"
#include "rcgo_signal_sight_parts.h"

// owner: rcgo__signal_init; lock: none; ordering: release and acquire
static bool (*thread_of_caller)(struct rcgo_signal_thread *);

// owner: rcgo__signal_init; lock: none; ordering: release and acquire
static bool (*overflow_of_caller)(uintptr_t, uintptr_t, char *, size_t);

void
rcgo__signal_init(bool (*thread_fn)(struct rcgo_signal_thread *),
	bool (*overflow_fn)(uintptr_t, uintptr_t, char *, size_t))
{
	struct sigaction act;

	rcgo_store_rel(&thread_of_caller, thread_fn);
	rcgo_store_rel(&overflow_of_caller, overflow_fn);
	if (rcgo__option_is("signals", "off")) {
		rcgo__guard_set_mode(RCGO_GUARD_OFF);
		rcgo__altstack_off();
	} else if (rcgo__option_is("signals", "onstack")) {
		rcgo__guard_set_mode(RCGO_GUARD_ONSTACK);
	}
	if (!rcgo__option_is("signals", "off")) {
		rcgo__masks_init();
	}
	rcgo__sight_init();
	// Finds libc's functions while no handler runs.
	rcgo__libc_sigaction(SIGSEGV, NULL, &act);
	rcgo__libc_init();
}

// Indirect: the thread part's, made for handlers.
bool
rcgo__signal_thread(struct rcgo_signal_thread *t)
{
	bool (*fn)(struct rcgo_signal_thread *) = rcgo_load_acq(&thread_of_caller);

	return fn != NULL && fn(t);
}

// Indirect: the thread part's, made for handlers.
bool
rcgo__signal_overflow(uintptr_t fault_address, uintptr_t sp, char *buf, size_t cap)
{
	bool (*fn)(uintptr_t, uintptr_t, char *, size_t) = rcgo_load_acq(&overflow_of_caller);

	return fn != NULL && fn(fault_address, sp, buf, cap);
}
