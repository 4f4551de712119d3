// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: C frames for Go's report of all goroutines at SIGQUIT. Go for FreeBSD calls
// x_cgo_callers on no thread, so there is nothing to wait for. Runs in Go's handler of SIGQUIT.

#include "context_management.h"
#include "traceback_generation.h"

bool
rcgo__callers_wanted(void)
{
	return false;
}

void
rcgo__callers_stored(void)
{
}

void
rcgo__callers_gather(void)
{
}
