// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, the edge: a signal has interrupted C code. Runs on the signal stack with
// all signals blocked, in Go's place, and ends in Go's handler.
// Re-read runtime/cgo/gcc_traceback.c and runtime/sys_linux_*.s (cgoSigtramp).

#include <errno.h>

#include "rcgo_traceback.h"

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
		rcgo_signal_traceback_fn for_signals = rcgo__hooks_for_signals(traceback);
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
