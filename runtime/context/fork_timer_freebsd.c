// SPDX-License-Identifier: BSD-3-Clause
// Calls into Go are not timed: no timer of FreeBSD sends its signal to one thread of the caller's
// choice.

#include "fork_timer.h"

void
rcgo__fork_timer_decide(void)
{
}

bool
rcgo__fork_timer_is_on(void)
{
	return false;
}

void
rcgo__fork_timer_begin(void)
{
}

void
rcgo__fork_timer_end(void)
{
}
