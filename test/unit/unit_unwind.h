// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: stacks to unwind, and libgcc's unwinder as the reference, which reads the same
// information independently.
#ifndef UNIT_WALK_H
#define UNIT_WALK_H

#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "module.h"
#include "unwinder.h"
#include "unit.h"

#define UNIT_UNWIND_MAX 256

struct frames {
	uintptr_t pc[UNIT_UNWIND_MAX];
	size_t n;
};

static struct frames ours, theirs;

// Each test starts as a program whose modules are known.
#define UNWIND_TEST(name)                                        \
	__attribute__((noinline)) static void name##_body(void); \
	TEST(name)                                               \
	{                                                        \
		rcgo__modules_init();                            \
		name##_body();                                   \
	}                                                        \
	static void name##_body(void)

// Stores what libgcc finds; its last frame may be the 0 behind the outermost one.
static _Unwind_Reason_Code
store(struct _Unwind_Context *context, void *arg)
{
	struct frames *f = arg;
	int before = 0;
	uintptr_t pc = _Unwind_GetIPInfo(context, &before);

	if (pc == 0 || f->n == UNIT_UNWIND_MAX) {
		return _URC_END_OF_STACK;
	}
	f->pc[f->n++] = pc - !before;
	return _URC_NO_REASON;
}

// Checks that our frames are the last ones of libgcc's, which begin further in, and that there are
// at least this many.
__attribute__((unused)) static void
check_tail(size_t least)
{
	CHECK(ours.n >= least);
	CHECK(theirs.n >= ours.n);
	for (size_t i = 1; i <= ours.n; i++) {
		if (ours.pc[ours.n - i] != theirs.pc[theirs.n - i]) {
			unit_fail(__FILE__, __LINE__, "frame %zu of %zu: %#zx, libgcc's %#zx", i,
				ours.n, (size_t)ours.pc[ours.n - i],
				(size_t)theirs.pc[theirs.n - i]);
		}
	}
}

// Calls fn at a depth, in frames of all sizes. For some of them a compiler must use the frame
// pointer.
__attribute__((noinline)) static int
descend(unsigned depth, unsigned seed, void (*fn)(void))
{
	char small[64];
	int result;

	memset(small, (int)depth, sizeof small);
	if (depth == 0) {
		fn();
		result = 0;
	} else if (seed % 3 == 0) {
		char *room = __builtin_alloca(seed % 4000 + 1);

		room[0] = small[0];
		__asm__("" ::"r"(room) : "memory");
		result = descend(depth - 1, seed * 7 + 1, fn) + room[0];
	} else {
		result = descend(depth - 1, seed * 5 + 3, fn);
	}
	__asm__("" ::"r"(small) : "memory");
	return result + small[1];
}

static void (*inner)(void);

static int
in_qsort(const void *a, const void *b)
{
	if (inner != NULL) {
		void (*fn)(void) = inner;

		inner = NULL;
		descend(20, 5, fn);
	}
	return *(const int *)a - *(const int *)b;
}

// The bounds of the calling thread's stack, if the unwinder is to know them.
__attribute__((unused)) static const struct rcgo_stack_bounds *known;

// Calls fn below frames of libc.
__attribute__((unused)) static void
through_libc(void (*fn)(void))
{
	int numbers[50];

	for (int i = 0; i < 50; i++) {
		numbers[i] = (int)(unit_random() & 0xff);
	}
	inner = fn;
	qsort(numbers, 50, sizeof numbers[0], in_qsort);
}

__attribute__((noinline, unused)) static void
walk_both(void)
{
	ours.n = rcgo__unwind_here(known, ours.pc, UNIT_UNWIND_MAX);
	// The line of the call differs; and libgcc's frames may begin in it.
	theirs.n = 0;
	_Unwind_Backtrace(store, &theirs);
	CHECK(ours.n > 1 && theirs.n > 1);
	ours.n--;
	memmove(ours.pc, ours.pc + 1, ours.n * sizeof ours.pc[0]);
}

#endif // UNIT_WALK_H
