// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the counters, and the page that they lie in. On any stack.

#include "rcgo_stats.h"

#include <errno.h>
#include <string.h>

#include "rcgo_gotext.h"
#include "rcgo_options.h"

// owner: whoever adds; lock: none; ordering: relaxed, each is a number by itself
static _Alignas(16) struct rcgo_sight own_sight = {
	.magic = RCGO_SIGHT_MAGIC, .size = sizeof own_sight};
// owner: rcgo__stats_init; lock: none; ordering: pthread_create of every thread that reads it
static struct rcgo_sight *sight = &own_sight;

void
rcgo__stats_init(void)
{
	bool counts = rcgo__option_is("stats", "on");
	int saved = errno;
	uintptr_t text[2];
	struct rcgo_sight *shared = counts ? rcgo__sight_map(sizeof *shared) : NULL;

	if (shared != NULL) {
		// The magic goes last: whoever finds it may read on.
		shared->size = own_sight.size;
		sight = shared;
	}
	rcgo__go_text(&text[0], &text[1]);
	sight->go_text[0] = text[0];
	sight->go_text[1] = text[1];
	sight->stats.callbacks_counted = counts;
	rcgo_store_rel(&sight->flags,
		RCGO_SIGHT_UP | (rcgo__option_is("names", "on") ? RCGO_SIGHT_NAMES : 0) |
			(counts ? RCGO_SIGHT_CALLBACKS : 0));
	if (shared != NULL) {
		memcpy(shared->magic, own_sight.magic, sizeof shared->magic);
	}
	errno = saved;
}

struct rcgo_stats *
rcgo__stats(void)
{
	return &sight->stats;
}

bool
rcgo__stats_flag(uint32_t flag)
{
	return (rcgo_load_rlx(&sight->flags) & flag) != 0;
}

uint64_t
rcgo__stats_thread_begins(void)
{
	struct rcgo_stats *stats = rcgo__stats();
	uint64_t running = rcgo_add_rlx(&stats->threads_running, 1) + 1;

	if (running > rcgo_load_rlx(&stats->threads_peak)) {
		rcgo_store_rlx(&stats->threads_peak, running);
	}
	return rcgo_add_rlx(&stats->threads_started, 1) + 1;
}

void
rcgo__stats_thread_ends(void)
{
	rcgo_add_rlx(&rcgo__stats()->threads_running, (uint64_t)-1);
}
