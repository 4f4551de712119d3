// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: collects the C stack that a signal interrupted. x_cgo_callers
// (runtime/arch) calls this on the signal stack with all signals blocked, then jumps to Go's
// handler. Re-read runtime/cgo/gcc_traceback.c and runtime/sys_linux_*.s (cgoSigtramp).

#include <errno.h>

#include "context_management.h"
#include "traceback_generation.h"

// The function that replaces another one in signal handlers.
// owner: rcgo__callers_set_async; lock: none; ordering: release on writing, acquire on reading;
// replaced is written last
static struct {
	rcgo_traceback_fn replaced;
	rcgo_async_traceback_fn hook;
} async_traceback;

void
rcgo__callers_set_async(rcgo_traceback_fn traceback, rcgo_async_traceback_fn hook)
{
	rcgo_store_rel(&async_traceback.hook, hook);
	rcgo_store_rel(&async_traceback.replaced, traceback);
}

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
	int saved = errno; // belongs to the interrupted C code

	(void)info;
	if (sig == RCGO_SIGPREEMPT && !rcgo__callers_wanted()) {
		return;
	}
	rcgo_msan_unpoison(&arg, sizeof arg);
	rcgo_tsan_acquire();
	if (rcgo_load_acq(&async_traceback.replaced) == traceback) {
		rcgo_load_acq (&async_traceback.hook)(&arg, sig);
	} else {
		traceback(&arg);
	}
	rcgo_tsan_release();
	if (sig == RCGO_SIGPREEMPT) {
		rcgo__callers_stored(callers);
	}
	errno = saved;
}
