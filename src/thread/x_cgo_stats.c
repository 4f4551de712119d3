// SPDX-License-Identifier: BSD-3-Clause
// Thread Management, the edge: what C may ask and tell of threads. Runs on any stack.

#include "rcgo_stats.h"
#include "rcgo_thread_record.h"

void
rcgo_stats(struct rcgo_stats *stats, size_t size)
{
	const uint64_t *from = (const uint64_t *)rcgo__stats();
	uint64_t *to = (uint64_t *)stats;

	for (size_t i = 0; i < size / sizeof *to; i++) {
		to[i] = i < sizeof *stats / sizeof *to ? rcgo_load_rlx(&from[i]) : 0;
	}
}

void
rcgo_stack_switched(uintptr_t lo, uintptr_t hi)
{
	struct rcgo_thread_record *r = rcgo__thread_record();

	if (r != NULL) {
		r->switched_lo = lo;
		r->switched_hi = hi;
	}
}
