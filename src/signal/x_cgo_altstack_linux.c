// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the edge to C: sigaltstack in libc's place; see rcgo_altstack.h. Runs on any
// stack, before Go and in handlers too.

#include <errno.h>

#include "rcgo_altstack_parts.h"
#include "rcgo_guard.h"
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
		err = rcgo__libc_sigaltstack(want, old);
	} else if ((err = rcgo__altstack_change(t.altstack, want, old)) != 0) {
		errno = -err;
		err = -1;
	}
	if (err == 0 && want != NULL) {
		rcgo__guard_note_altstack(want);
	}
	return err;
}

#endif
