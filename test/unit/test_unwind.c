// SPDX-License-Identifier: BSD-3-Clause
// Unwind: unwinds this program's own stacks, from the point of call and from saved registers.

#include <pthread.h>

#include "unit_unwind.h"

UNWIND_TEST(here)
{
	walk_both();
	check_tail(3);
	through_libc(walk_both);
	check_tail(24);
	// And again, with all unwind information cached.
	through_libc(walk_both);
	check_tail(24);
}

UNWIND_TEST(first_is_the_call)
{
	uintptr_t pcs[4];

	CHECK_INT(rcgo__unwind_here(NULL, pcs, 4), 4);
	CHECK(_Unwind_FindEnclosingFunction((void *)pcs[0]) == (void *)first_is_the_call_body);
}

UNWIND_TEST(cuts)
{
	uintptr_t pcs[UNIT_UNWIND_MAX];
	size_t n = rcgo__unwind_here(NULL, pcs, UNIT_UNWIND_MAX);

	for (size_t max = 0; max <= n + 1; max++) {
		uintptr_t cut[UNIT_UNWIND_MAX] = {0};

		CHECK_INT(rcgo__unwind_here(NULL, cut, max), max < n ? max : n);
		CHECK(cut[max] == 0);
		for (size_t i = 1; i < max && i < n; i++) {
			CHECK(cut[i] == pcs[i]);
		}
	}
}

// Saved registers give the same result as the current ones.
static struct rcgo_saved_regs kept;

__attribute__((noinline)) static void
keep_caller(void)
{
	rcgo__regs_capture_caller(&kept);
}

__attribute__((noinline)) static void
walk_kept(void)
{
	struct rcgo_saved_regs own;
	struct frames from_own;

	rcgo__regs_capture(&own);
	keep_caller();
	// Overwrites what keep_caller left on the stack.
	descend(5, 3, walk_both);
	from_own.n = rcgo__unwind_saved(&own, NULL, from_own.pc, UNIT_UNWIND_MAX);
	ours.n = rcgo__unwind_saved(&kept, NULL, ours.pc, UNIT_UNWIND_MAX);
	CHECK_INT(from_own.n, ours.n);
	CHECK(memcmp(&from_own.pc[1], &ours.pc[1], (ours.n - 1) * sizeof ours.pc[0]) == 0);
	theirs.n = 0;
	_Unwind_Backtrace(store, &theirs);
	ours.n--;
	memmove(ours.pc, ours.pc + 1, ours.n * sizeof ours.pc[0]);
}

UNWIND_TEST(saved_registers)
{
	if (!RCGO_SAVED_FP_KNOWN) { // the tests are compiled with frame pointers
		return;
	}
	through_libc(walk_kept);
	check_tail(24);
}

static void
set_boundary(uintptr_t start, uintptr_t end)
{
	const struct rcgo_unwind_boundary boundary = {.start = start, .end = end};

	rcgo__unwind_set_boundary(&boundary);
}

// Unwinding ends before the first frame beyond the boundary.
UNWIND_TEST(stops_at_boundary)
{
	uintptr_t all[UNIT_UNWIND_MAX], pcs[UNIT_UNWIND_MAX];
	size_t n = rcgo__unwind_here(NULL, all, UNIT_UNWIND_MAX);

	for (size_t stop = 1; stop < n; stop++) {
		set_boundary(all[stop], all[stop] + 2);
		CHECK_INT(rcgo__unwind_here(NULL, pcs, UNIT_UNWIND_MAX), stop);
	}
	set_boundary(0, 0);
	CHECK_INT(rcgo__unwind_here(NULL, pcs, UNIT_UNWIND_MAX), n);
}

// Every module list and page memo from many threads at once, inside and outside handlers.
static unsigned done;

static void *
hammer(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2000; i++) {
		struct frames f;

		f.n = rcgo__unwind_here(NULL, f.pc, UNIT_UNWIND_MAX);
		CHECK(f.n >= 2);
	}
	__atomic_add_fetch(&done, 1, __ATOMIC_RELAXED);
	return NULL;
}

UNWIND_TEST(many_threads)
{
	pthread_t thread[4];

	for (size_t i = 0; i < UNIT_COUNTOF(thread); i++) {
		CHECK_INT(pthread_create(&thread[i], NULL, hammer, NULL), 0);
	}
	for (size_t i = 0; i < UNIT_COUNTOF(thread); i++) {
		CHECK_INT(pthread_join(thread[i], NULL), 0);
	}
	CHECK_INT(done, UNIT_COUNTOF(thread));
}

UNIT_MAIN(UNIT_TEST(here), UNIT_TEST(first_is_the_call), UNIT_TEST(cuts),
	UNIT_TEST(saved_registers), UNIT_TEST(stops_at_boundary), UNIT_TEST(many_threads))
