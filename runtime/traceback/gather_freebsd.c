// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation on FreeBSD: C frames for Go's report of all goroutines at SIGQUIT. Threads
// that run C code are not asked for their frames: the report has those of the thread that got the
// signal. Runs in signal handlers.

#include "context_management.h"
#include "traceback_generation.h"

// owner: rcgo__callers_want_always; lock: none; ordering: release and acquire
static bool want_always;

bool
rcgo__callers_wanted(void)
{
	return rcgo_load_acq(&want_always);
}

void
rcgo__callers_stored(const uintptr_t *callers)
{
	(void)callers;
}

void
rcgo__callers_want_always(void)
{
	rcgo_store_rel(&want_always, true);
}

void
rcgo__callers_gather(bool restarting)
{
	(void)restarting;
}
