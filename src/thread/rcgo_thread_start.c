// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what goes from the thread that starts another to the new one. Taken on g0,
// given back on the new thread's own stack.
// Re-read runtime/cgo/gcc_util.c (x_cgo_thread_start).

#include <stdlib.h>

#include "rcgo_fatal.h"
#include "rcgo_thread.h"

// Few starts are on their way at once. They do without malloc, for free would be the new thread's
// first call of it, which makes a cache for that thread: a twentieth of its start.
#define STARTS 32

// owner: who has the bit in starts_taken; lock: none; ordering: that bit's
static struct rcgo_thread_start starts[STARTS];
// owner: whoever takes or gives; lock: none; ordering: acquire on taking, release on giving
static uint32_t starts_taken;

struct rcgo_thread_start *
rcgo__thread_start_take(void)
{
	uint32_t taken = rcgo_load_rlx(&starts_taken);
	struct rcgo_thread_start *start;

	while (~taken != 0) {
		uint32_t i = (uint32_t)__builtin_ctz(~taken);

		if (rcgo_cas(&starts_taken, &taken, taken | (uint32_t)1 << i)) {
			return &starts[i];
		}
	}
	start = malloc(sizeof *start);
	if (start == NULL) {
		rcgo__fatal("out of memory while starting a thread: malloc failed");
	}
	return start;
}

void
rcgo__thread_start_give(struct rcgo_thread_start *start)
{
	uintptr_t i = ((uintptr_t)start - (uintptr_t)starts) / sizeof *start;
	uint32_t taken = rcgo_load_rlx(&starts_taken);

	if (i >= STARTS) {
		free(start);
		return;
	}
	while (!rcgo_cas(&starts_taken, &taken, taken & ~((uint32_t)1 << i))) {
	}
}
