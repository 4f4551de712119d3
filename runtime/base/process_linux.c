// SPDX-License-Identifier: BSD-3-Clause
// Base: the kernel's support for detecting forked processes. Runs while Go starts, and on g0 while
// Go waits in a forked child.
// Contract: madvise(2) MADV_WIPEONFORK (Linux 4.14); proc_pid_task(5).

//rcgo:small

#include <sys/mman.h>
#include <sys/stat.h>

#include "fork_detect.h"

#ifndef MADV_WIPEONFORK // glibc 2.27
#	define MADV_WIPEONFORK 18
#endif

// An emulator may accept any advice and ignore it (qemu-user before 8.0). A value that no kernel
// knows reveals such an emulator.
#define ADVICE_INVALID (-1)

bool
rcgo__wipe_on_fork(void *page, size_t size)
{
	return madvise(page, size, MADV_WIPEONFORK) == 0 &&
	       madvise(page, size, ADVICE_INVALID) != 0;
}

// The task directory has a link for each thread, and "." and "..".
bool
rcgo__process_has_one_thread(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
}
