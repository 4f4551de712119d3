// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the counters. On any stack.

#include "rcgo_stats.h"

// owner: whoever adds; lock: none; ordering: relaxed, each is a number by itself
static struct rcgo_stats all_stats;

struct rcgo_stats *
rcgo__stats(void)
{
	return &all_stats;
}

void
rcgo__stats_thread_begins(void)
{
	uint64_t running = rcgo_add_rlx(&all_stats.threads_running, 1) + 1;

	rcgo_add_rlx(&all_stats.threads_started, 1);
	if (running > rcgo_load_rlx(&all_stats.threads_peak)) {
		rcgo_store_rlx(&all_stats.threads_peak, running);
	}
}

void
rcgo__stats_thread_ends(void)
{
	rcgo_add_rlx(&all_stats.threads_running, (uint64_t)-1);
}
