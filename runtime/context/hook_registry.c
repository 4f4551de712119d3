// SPDX-License-Identifier: BSD-3-Clause
// The registry of the program's traceback, context and symbolizer functions, for all systems.
// Written on g0, read on any stack, also in signal handlers.
// Re-read runtime/traceback.go (SetCgoTraceback).

#include "context_management.h"

// owner: runtime.SetCgoTraceback, once; lock: none; ordering: release on writing, acquire on
// reading, each pointer independently: Go itself guarantees no more.
static struct {
	rcgo_traceback_fn traceback;
	rcgo_symbolizer_fn symbolizer;
} hooks;

void
rcgo__hooks_set(rcgo_traceback_fn traceback, rcgo_context_fn context, rcgo_symbolizer_fn symbolizer)
{
	rcgo_store_rel(&hooks.traceback, traceback);
	rcgo_store_rel(&hooks.symbolizer, symbolizer);
	rcgo__init_barrier_set_context(context);
}

rcgo_traceback_fn
rcgo__hooks_traceback(void)
{
	return rcgo_load_acq(&hooks.traceback);
}

rcgo_symbolizer_fn
rcgo__hooks_symbolizer(void)
{
	return rcgo_load_acq(&hooks.symbolizer);
}
