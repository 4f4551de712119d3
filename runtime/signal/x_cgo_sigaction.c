// SPDX-License-Identifier: BSD-3-Clause
// ABI entry point: sigaction(2) for Go, by libc. Runs on g0 or a signal stack, perhaps with no g.
// Re-read runtime/cgo_sigaction.go.

//go:build linux || (freebsd && amd64)

#include <errno.h>

#include "go_entry_points.h"
#include "sanitizer.h"
#include "signal_chain.h"
#include "signal_dump.h"
#include "signal_handling.h"

int32_t
x_cgo_sigaction(intptr_t signum, const go_sigaction_t *act, go_sigaction_t *oldact)
{
	struct sigaction libc_act;
	struct sigaction libc_old;
	int saved = errno; // the errno of C code that a handler may have interrupted
	int32_t err;

	rcgo_tsan_acquire();
	if (act != NULL) {
		rcgo__sigaction_from_go(&libc_act, act);
	}
	err = rcgo__signal_chain_sigaction(
		(int)signum, act != NULL ? &libc_act : NULL, oldact != NULL ? &libc_old : NULL);
	if (err == 0 && oldact != NULL) {
		rcgo__sigaction_to_go(oldact, &libc_old);
	}
	rcgo_tsan_release();
	if (err == 0 && act != NULL) {
		rcgo__signal_dump_change((int)signum, RCGO_BY_GO);
	}
	errno = saved;
	return err;
}
