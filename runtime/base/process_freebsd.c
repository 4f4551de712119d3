// SPDX-License-Identifier: BSD-3-Clause
// Base: the kernel's support for detecting forked processes. Runs while Go starts, and on g0 while
// Go waits in a forked child.
// Contract: minherit(2) INHERIT_ZERO (FreeBSD 12); sysctl(3) kern.proc.pid.

//rcgo:small

#include <sys/types.h>

#include <sys/mman.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <unistd.h>

#include "fork_detect.h"

bool
rcgo__wipe_on_fork(void *page, size_t size)
{
	return minherit(page, size, INHERIT_ZERO) == 0;
}

bool
rcgo__process_has_one_thread(void)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)getpid()};
	struct kinfo_proc own;
	size_t size = sizeof own;

	return sysctl(name, 4, &own, &size, NULL, 0) == 0 && size == sizeof own &&
	       own.ki_numthreads == 1;
}
