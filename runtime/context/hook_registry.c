// SPDX-License-Identifier: BSD-3-Clause
// Context Management: the one registry of the program's traceback, context and symbolizer
// functions, the same for every system. Written on g0, read anywhere, in signal handlers too.
// Re-read runtime/traceback.go (SetCgoTraceback).

#include "context_management.h"

// owner: runtime.SetCgoTraceback, once; lock: none; ordering: release on writing, acquire on
// reading, each pointer on its own: Go itself promises no more.
static struct {
	rcgo_traceback_fn traceback;
	rcgo_context_fn context;
	rcgo_symbolizer_fn symbolizer;
	rcgo_traceback_fn replaced;
	rcgo_async_traceback_fn for_signals;
} hooks;

void
rcgo__hooks_set(rcgo_traceback_fn traceback, rcgo_context_fn context, rcgo_symbolizer_fn symbolizer)
{
	rcgo_store_rel(&hooks.traceback, traceback);
	rcgo_store_rel(&hooks.context, context);
	rcgo_store_rel(&hooks.symbolizer, symbolizer);
	rcgo__init_barrier_set_context(context);
}

rcgo_traceback_fn
rcgo__hooks_traceback(void)
{
	return rcgo_load_acq(&hooks.traceback);
}

rcgo_context_fn
rcgo__hooks_context(void)
{
	return rcgo_load_acq(&hooks.context);
}

rcgo_symbolizer_fn
rcgo__hooks_symbolizer(void)
{
	return rcgo_load_acq(&hooks.symbolizer);
}

void
rcgo__hooks_set_async_traceback(rcgo_traceback_fn traceback, rcgo_async_traceback_fn for_signals)
{
	rcgo_store_rel(&hooks.for_signals, for_signals);
	rcgo_store_rel(&hooks.replaced, traceback);
}

rcgo_async_traceback_fn
rcgo__hooks_async_traceback(rcgo_traceback_fn traceback)
{
	return rcgo_load_acq(&hooks.replaced) == traceback ? rcgo_load_acq(&hooks.for_signals)
							   : NULL;
}
