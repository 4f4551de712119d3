// SPDX-License-Identifier: BSD-3-Clause
// System Calls, Go ABI: os.Clearenv for the environment that C reads. Only Go for Linux calls it.
// Runs on g0.
// Re-read runtime/runtime.go (clearenv_c) and syscall/env_unix.go.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // clearenv
#endif
#include <stdlib.h>

#include "environ.h"
#include "system_calls.h"

void
x_cgo_clearenv(RCGO_UNUSED void **unused)
{
	rcgo_tsan_acquire();
	if (!rcgo__environ_clear()) {
		clearenv();
	}
	rcgo_tsan_release();
}
