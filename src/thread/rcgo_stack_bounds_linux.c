// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: where the calling thread's C stack lies. Runs on any stack but a signal's.
// Re-read runtime/cgo/gcc_stack_unix.c and runtime/cgocall.go (callbackUpdateSystemStack); Linux
// fs/exec.c (bprm_stack_limits) and mm/util.c (arch_pick_mmap_layout).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // pthread_getattr_np
#endif

#include "rcgo_thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

// The kernel keeps so much free below the main thread's stack; with a greater limit the stack ends
// where the next mapping does, less the gap that the kernel leaves (stack_guard_gap).
#define ROOM_ALWAYS ((uintptr_t)128 << 20)
#define GUARD_PAGES 256

// The main thread's stack ends with the name of the program, which the kernel writes first, and
// one word.
static uintptr_t
main_stack_end(uintptr_t page)
{
	const char *name = (const char *)getauxval(AT_EXECFN);

	if (name == NULL) {
		return 0;
	}
	return ((uintptr_t)name + strlen(name) + 1 + sizeof(uintptr_t) + page - 1) & ~(page - 1);
}

// The mapping that an address is in, and the end of the one before it.
struct place {
	uintptr_t address;
	uintptr_t before;
	uintptr_t end;
};

static bool
mapping_line(const char *line, void *arg)
{
	struct place *p = arg;
	uint64_t start, end;

	if (rcgo__parse_hex(&line, &start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &end) != 0 || start > p->address) {
		return true;
	}
	if (end > p->address) {
		p->end = end;
		return true;
	}
	p->before = end;
	return false;
}

// How far down the main thread's stack may grow when its limit is beyond what the kernel keeps
// free, or there is none; 0 when here is not on it.
static uintptr_t
main_stack_floor(uintptr_t here, uintptr_t end, uintptr_t size, uintptr_t page)
{
	struct place p = {.address = here};

	if (rcgo__file_each_line("/proc/self/maps", mapping_line, &p) != 0) {
		return end - here < ROOM_ALWAYS ? end - ROOM_ALWAYS : 0;
	}
	if (p.end != end) {
		return 0;
	}
	p.before += GUARD_PAGES * page;
	return size < end && end - size > p.before ? end - size : p.before;
}

// Whether here is on the main thread's stack; bounds are then set. libc is not asked: glibc reads
// /proc for its answer, musl's covers only what has been touched so far.
static bool
main_stack(uintptr_t here, uintptr_t bounds[2])
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t end = main_stack_end(page);
	uintptr_t size, lo;
	struct rlimit limit;

	if (here >= end || getrlimit(RLIMIT_STACK, &limit) != 0) {
		return false;
	}
	// RLIM_INFINITY is the greatest number.
	size = limit.rlim_cur < UINTPTR_MAX ? (uintptr_t)limit.rlim_cur & ~(page - 1) : UINTPTR_MAX;
	lo = size > ROOM_ALWAYS ? main_stack_floor(here, end, size, page) : end - size;
	if (lo == 0 || here < lo) {
		return false;
	}
	bounds[0] = lo;
	bounds[1] = end;
	return true;
}

void
rcgo__stack_bounds(uintptr_t bounds[2])
{
	pthread_attr_t attr;
	void *lo = NULL;
	size_t size = 0;
	int saved = errno;

	bounds[0] = 0;
	bounds[1] = 0;
	if (main_stack((uintptr_t)__builtin_frame_address(0), bounds)) {
		errno = saved;
		return;
	}
	// Before 2.32 glibc did not set all of attr (golang/go#65625).
	pthread_attr_init(&attr);
	// When it fails, glibc has destroyed attr.
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		if (pthread_attr_getstack(&attr, &lo, &size) == 0) {
			bounds[0] = (uintptr_t)lo;
			bounds[1] = (uintptr_t)lo + size;
		}
		pthread_attr_destroy(&attr);
	}
	errno = saved;
}
