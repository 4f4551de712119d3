// SPDX-License-Identifier: BSD-3-Clause
// System Calls, Go ABI: makes Go's mappings by the C library, so that MSan treats their memory as
// initialised. Runs on g0 or a system stack, perhaps with no g. Re-read runtime/cgo_mmap.go.

//go:build unix

#include <errno.h>
#include <sys/mman.h>

#include "fatal.h"
#include "system_calls.h"

uintptr_t
x_cgo_mmap(void *addr, uintptr_t length, int32_t prot, int32_t flags, int32_t fd, uint32_t offset)
{
	void *p;
	int err;

	rcgo_tsan_acquire();
	p = (mmap)(addr, length, prot, flags, fd, (off_t)offset);
	err = errno;
	rcgo_tsan_release();
	return p == MAP_FAILED ? (uintptr_t)err : (uintptr_t)p;
}

void
x_cgo_munmap(void *addr, uintptr_t length)
{
	int result;
	int err;

	rcgo_tsan_acquire();
	result = munmap(addr, length);
	err = errno;
	rcgo_tsan_release();
	if (result != 0) {
		rcgo__fatal_errno("munmap", err);
	}
}
