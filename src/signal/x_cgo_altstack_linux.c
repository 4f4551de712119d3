// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the edge to C: sigaltstack in libc's place; see rcgo_altstack.h. Runs on any
// stack, before Go and in handlers too.

#include <errno.h>

#include "rcgo_altstack_parts.h"
#include "rcgo_guard_edge.h"
#include "rcgo_libc.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"

#if !RCGO_SANITIZED && !defined(RCGO_WITHOUT_SIGNALS)

int
sigaltstack(const stack_t *want, stack_t *old)
{
	struct rcgo_signal_thread t;
	int err;

	if (!rcgo__signal_thread(&t)) {
		return rcgo__libc_sigaltstack(want, old);
	}
	err = rcgo__altstack_change(t.altstack, want, old);
	if (err != 0) {
		errno = -err;
		return -1;
	}
	return 0;
}

#endif
