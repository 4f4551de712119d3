// SPDX-License-Identifier: BSD-3-Clause
// Targets that are running processes: FreeBSD's own interfaces for them are not used yet, so there
// is no such target. Core files are read as on Linux.

#include <errno.h>

#include "rcgo_backtrace.h"

int
rcgo_target_open_process(struct rcgo_target *target, int32_t pid)
{
	*target = (struct rcgo_target){.pid = pid};
	return -ENOSYS;
}

int
rcgo_target_open_self(struct rcgo_target *target)
{
	return rcgo_target_open_process(target, 0);
}
