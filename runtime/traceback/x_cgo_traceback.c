// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, Go ABI: calls the program's traceback and symbolizer functions for Go. Runs
// on g0, or on the signal stack while Go is crashing.
// Re-read runtime/traceback.go (cgoContextPCs, printOneCgoTraceback, callCgoSymbolizer).

#include "context_management.h"
#include "traceback_generation.h"

// Indirect: the program's traceback function, which Go requires to be async-signal-safe.
void
x_cgo_call_traceback_function(struct cgoTracebackArg *arg)
{
	rcgo_traceback_fn traceback = rcgo__hooks_traceback();

	if (traceback == NULL) {
		return;
	}
	rcgo_tsan_acquire();
	traceback(arg);
	rcgo_tsan_release();
}

// Indirect: the program's symbolizer, which Go calls on the signal stack only while crashing.
void
x_cgo_call_symbolizer_function(struct cgoSymbolizerArg *arg)
{
	rcgo_symbolizer_fn symbolizer = rcgo__hooks_symbolizer();

	if (symbolizer == NULL) {
		return;
	}
	rcgo_tsan_acquire();
	symbolizer(arg);
	rcgo_tsan_release();
}
