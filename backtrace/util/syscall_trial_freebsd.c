// SPDX-License-Identifier: BSD-3-Clause
// Whether system calls are permitted that stock Go and libc would not make. FreeBSD's sandbox
// (Capsicum) answers a forbidden call with an error and ends no process for it, so calls can be
// tried. Runs on any stack.
// Contract: capsicum(4).

#include "syscall_trial.h"

bool
rcgo__syscall_trial_passed(void)
{
	return true;
}

bool
rcgo__syscall_trial_timers(void)
{
	return true;
}

void
rcgo__syscall_trial_renew(void)
{
}
