// SPDX-License-Identifier: BSD-3-Clause
// A leaf call under watch: how long it ran, whether it waited, whether it called Go.
// On the system stack, from an ordinary cgo call.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "leafcall.h"

#include <sys/resource.h>
#include <time.h>

enum {
	MARKS = 32 // words below the goroutine's SP, where a call of Go puts its frames
};

static const uintptr_t mark = (uintptr_t)0x6c6561666c656166; // "leafleaf"

static uint64_t
now(clockid_t clock)
{
	struct timespec t = {0};

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int64_t
waits(void)
{
	struct rusage usage = {0};

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

void
rcgo_leaf_run_checked(struct leaf_call *call, uintptr_t sched_sp, struct leaf_findings *f)
{
	uintptr_t *marks = (uintptr_t *)sched_sp - MARKS;
	int64_t waited = waits();

	for (int i = 0; sched_sp != 0 && i < MARKS; i++) {
		marks[i] = mark;
	}
	f->wall_ns = now(CLOCK_MONOTONIC);
	f->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
	rcgo_leaf_run(call);
	f->cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - f->cpu_ns;
	f->wall_ns = now(CLOCK_MONOTONIC) - f->wall_ns;
	f->blocked = waits() - waited;
	f->called_go = 0;
	for (int i = 0; sched_sp != 0 && i < MARKS; i++) {
		f->called_go |= marks[i] != mark;
	}
}
