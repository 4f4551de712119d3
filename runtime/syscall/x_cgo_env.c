// SPDX-License-Identifier: BSD-3-Clause
// System Calls, Go ABI: applies Go's changes to the environment that C reads, by environ.h or by
// the C library. Runs on g0.
// Re-read runtime/runtime.go (setenv_c, unsetenv_c) and syscall/env_unix.go.

//go:build unix

#include <stdlib.h>

#include "environ.h"
#include "system_calls.h"

void
x_cgo_setenv(char **arg)
{
	rcgo_tsan_acquire();
	if (!rcgo__environ_set(arg[0], arg[1])) {
		setenv(arg[0], arg[1], 1);
	}
	rcgo_tsan_release();
}

void
x_cgo_unsetenv(char **arg)
{
	rcgo_tsan_acquire();
	if (!rcgo__environ_unset(arg[0])) {
		unsetenv(arg[0]);
	}
	rcgo_tsan_release();
}
