// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: collects the C stack that a signal interrupted. x_cgo_callers
// (runtime/arch) calls this on the signal stack with all signals blocked, then jumps to Go's
// handler. Re-read runtime/cgo/gcc_traceback.c and runtime/sys_linux_*.s (cgoSigtramp).

#include <errno.h>

#include "context_management.h"
#include "traceback_generation.h"

// Indirect: the program's traceback function, which Go requires to be async-signal-safe, or ours.
void
rcgo__callers_collect(
	uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback, uintptr_t *callers)
{
	struct cgoTracebackArg arg = {
		.Context = 0,
		.SigContext = (uintptr_t)context,
		.Buf = callers,
		.Max = RCGO_CALLERS_MAX,
	};
	rcgo_async_traceback_fn for_signals;
	int saved = errno; // belongs to the interrupted C code

	(void)info;
	if (sig == RCGO_SIGPREEMPT && !rcgo__callers_wanted()) {
		return;
	}
	for_signals = rcgo__hooks_async_traceback(traceback);
	rcgo_msan_unpoison(&arg, sizeof arg);
	rcgo_tsan_acquire();
	if (for_signals != NULL) {
		for_signals(&arg, sig);
	} else {
		traceback(&arg);
	}
	rcgo_tsan_release();
	if (sig == RCGO_SIGPREEMPT) {
		rcgo__callers_stored();
	}
	errno = saved;
}
