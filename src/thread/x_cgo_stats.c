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

// Go asks for the stack of a thread of C when it enters Go the first time, of others never: a call
// from C then goes on below where C is, and finds itself out of g0's bounds.
static void
bound_g0(const G *g0, uintptr_t lo, uintptr_t hi)
{
	G *g = (G *)(uintptr_t)g0;
	uintptr_t guard = g->stackguard0 - g->stacklo;

	g->stacklo = lo;
	g->stackhi = hi;
	g->stackguard0 = lo + guard;
	g->stackguard1 = lo + guard;
}

void
rcgo_stack_switched(uintptr_t lo, uintptr_t hi)
{
	struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL) {
		return;
	}
	if (r->g0 != NULL && hi != 0) {
		if (r->switched_hi == 0) {
			r->g0_lo = r->g0->stacklo;
			r->g0_hi = r->g0->stackhi;
		}
		bound_g0(r->g0, lo, hi);
	} else if (r->g0 != NULL && r->switched_hi != 0 && r->g0_hi != 0) {
		bound_g0(r->g0, r->g0_lo, r->g0_hi);
		r->g0_hi = 0;
	}
	r->switched_lo = lo;
	r->switched_hi = hi;
}
