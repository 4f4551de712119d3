// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, the edge: a signal has interrupted C code. Runs on the signal stack with
// all signals blocked, in Go's place, and ends in Go's handler.
// Re-read runtime/cgo/gcc_traceback.c and runtime/sys_linux_*.s (cgoSigtramp).

#include <errno.h>

#include "traceback_generation.h"

// Indirect: the program's traceback function, which Go requires to be async-signal-safe, or ours,
// and Go's own signal handler.
void
x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
{
	struct cgoTracebackArg arg = {
		.Context = 0,
		.SigContext = (uintptr_t)context,
		.Buf = callers,
		.Max = RCGO_CALLERS_MAX,
	};

	if (sig != RCGO_SIGPREEMPT) {
		rcgo_async_traceback_fn for_signals = rcgo__hooks_async_traceback(traceback);
		int saved = errno; // of the C code that was interrupted

		rcgo_msan_unpoison(&arg, sizeof arg);
		rcgo_tsan_acquire();
		if (for_signals != NULL) {
			for_signals(&arg, sig);
		} else {
			traceback(&arg);
		}
		rcgo_tsan_release();
		errno = saved;
	}
	sigtramp(sig, info, context);
}

// Traceback Generation, the edge: Go asks the program's functions for C frames and their names.
// Runs on g0, or on the signal stack while Go is crashing.
// Re-read runtime/traceback.go (cgoContextPCs, printOneCgoTraceback, callCgoSymbolizer).

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
