// SPDX-License-Identifier: BSD-3-Clause
// A leaf call under watch: how long it ran, whether it waited, whether it called Go.
// On the system stack, from an ordinary cgo call.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "leafcall.h"

#include <sys/resource.h>
#include <time.h>

void rcgo_leaf_callback(uintptr_t number, void *frame); // exported by callback_linux.go

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

// What a thread has done in C since the last callback, and the worst of it in this call.
struct stretch {
	uint64_t cpu, wall;
	int64_t waits;
	struct leaf_findings worst;
	int64_t locks; // held when the call began
	int released;  // nothing counts until rcgo_acquire
};

// owner: the thread. It is that of the innermost watched call; NULL outside.
static __thread struct stretch *current;

static void
stretch_begin(struct stretch *s)
{
	s->waits = waits();
	s->wall = now(CLOCK_MONOTONIC);
	s->cpu = now(CLOCK_THREAD_CPUTIME_ID);
}

static void
stretch_end(struct stretch *s)
{
	uint64_t cpu = now(CLOCK_THREAD_CPUTIME_ID) - s->cpu;
	uint64_t wall = now(CLOCK_MONOTONIC) - s->wall;
	int64_t blocked = waits() - s->waits;

	s->worst.cpu_ns = cpu > s->worst.cpu_ns ? cpu : s->worst.cpu_ns;
	s->worst.wall_ns = blocked != 0 && wall > s->worst.wall_ns ? wall : s->worst.wall_ns;
	s->worst.blocked += blocked;
}

int
rcgo_leaf_watch_release(void)
{
	if (current == NULL || current->released) {
		return 0;
	}
	stretch_end(current);
	current->released = 1;
	return 1;
}

void
rcgo_leaf_watch_acquire(int released)
{
	if (released && current != NULL) {
		current->released = 0;
		stretch_begin(current);
	}
}

void
rcgo_leaf_callback_watched(uintptr_t number, void *frame)
{
	struct stretch *s = current;
	int64_t locks;

	if (s == NULL || s->released) {
		current = NULL;
		rcgo_leaf_callback(number, frame);
		current = s;
		return;
	}
	stretch_end(s);
	locks = rcgo_leaf_locks_held() - s->locks;
	s->worst.locks = locks > s->worst.locks ? locks : s->worst.locks;
	current = NULL;
	rcgo_leaf_callback(number, frame); // a panic does not come back
	current = s;
	stretch_begin(s);
}

// The call of a function that may call back: the longest stretch between two callbacks counts.
static void
run_with_callbacks(struct leaf_call *call, struct leaf_findings *f)
{
	struct stretch s = {.locks = rcgo_leaf_locks_held()};
	struct stretch *outer = current;

	current = &s;
	stretch_begin(&s);
	rcgo_leaf_run(call);
	stretch_end(&s);
	current = outer;
	*f = s.worst;
	f->locks = s.locks < 0 ? -1 : f->locks;
	f->wall_ns = f->wall_ns > f->cpu_ns ? f->wall_ns : f->cpu_ns;
}

void
rcgo_leaf_run_checked(struct leaf_call *call, uintptr_t sched_sp, struct leaf_findings *f)
{
	uintptr_t *marks = (uintptr_t *)sched_sp - MARKS;
	int64_t waited = waits();

	if (f->with_callbacks) {
		run_with_callbacks(call, f);
		return;
	}
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
