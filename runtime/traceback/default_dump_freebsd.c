// SPDX-License-Identifier: BSD-3-Clause
// Thread dumps on FreeBSD: there are none, because the kernel does not show where a thread of the
// own process waits.

#include "default_dump.h"

#include "runtime_cgo.h"

size_t
rcgo_dump_threads(int fd, unsigned flags)
{
	(void)fd;
	(void)flags;
	return 0;
}

void
rcgo__dump_init(void)
{
}

bool
rcgo__threads_walk(struct rcgo_thread_walk *walk)
{
	(void)walk;
	return false;
}
