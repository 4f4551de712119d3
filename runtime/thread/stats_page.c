// SPDX-License-Identifier: BSD-3-Clause
// The counters, the page that contains them, and the calls for C code. Runs on any
// stack.

//rcgo:small

#include "stats_page.h"

#include <errno.h>
#include <string.h>

#include "go_text.h"
#include "options.h"
#include "strbuf.h"
#include "thread_record.h"

// owner: threads that add; lock: none; ordering: relaxed, the counters are independent
static _Alignas(16) struct rcgo_stats_page own_stats_page = {
	.magic = RCGO_STATS_PAGE_MAGIC, .size = sizeof own_stats_page};
// owner: rcgo__stats_init; lock: none; ordering: pthread_create of every thread that reads it
static struct rcgo_stats_page *active_stats_page = &own_stats_page;

void
rcgo__stats_init(void)
{
	bool counts = rcgo__option_is("stats", "on");
	int saved = errno;
	uintptr_t text[2];
	struct rcgo_stats_page *shared = counts ? rcgo__stats_page_map(sizeof *shared) : NULL;

	if (shared != NULL) {
		// The magic is written last: a tool that finds it may read the page.
		shared->size = own_stats_page.size;
		active_stats_page = shared;
	}
	rcgo__go_text(&text[0], &text[1]);
	active_stats_page->go_text[0] = text[0];
	active_stats_page->go_text[1] = text[1];
	active_stats_page->stats.callbacks_counted = counts;
	rcgo_store_rel(&active_stats_page->flags,
		RCGO_STATS_PAGE_UP | (rcgo__option_is("names", "on") ? RCGO_STATS_PAGE_NAMES : 0) |
			(counts ? RCGO_STATS_PAGE_CALLBACKS : 0));
	if (shared != NULL) {
		memcpy(shared->magic, own_stats_page.magic, sizeof shared->magic);
	}
	errno = saved;
}

struct rcgo_stats *
rcgo__stats(void)
{
	return &active_stats_page->stats;
}

bool
rcgo__stats_flag(uint32_t flag)
{
	return (rcgo_load_rlx(&active_stats_page->flags) & flag) != 0;
}

uint64_t
rcgo__stats_thread_begins(uint64_t stack)
{
	struct rcgo_stats *stats = rcgo__stats();
	uint64_t running = rcgo_add_rlx(&stats->threads_running, 1) + 1;

	if (running > rcgo_load_rlx(&stats->threads_peak)) {
		rcgo_store_rlx(&stats->threads_peak, running);
	}
	rcgo_add_rlx(&stats->thread_stack_bytes, stack);
	return rcgo_add_rlx(&stats->threads_started, 1) + 1;
}

void
rcgo__stats_thread_ends(uint64_t stack)
{
	struct rcgo_stats *stats = rcgo__stats();

	rcgo_add_rlx(&stats->threads_running, (uint64_t)-1);
	rcgo_add_rlx(&stats->thread_stack_bytes, -stack);
}

// Functions for C code. They run on any stack.

void
rcgo_stats(struct rcgo_stats *stats, size_t size)
{
	const uint64_t *from = (const uint64_t *)rcgo__stats();
	uint64_t *to = (uint64_t *)stats;

	for (size_t i = 0; i < size / sizeof *to; i++) {
		to[i] = i < sizeof *stats / sizeof *to ? rcgo_load_rlx(&from[i]) : 0;
	}
}

// Sets the bounds of g0 to a stack that C code has switched to. Go asks for a foreign thread's
// stack only when it enters Go for the first time, and never for other threads. Without this, a
// call from C continues below C's stack pointer, outside of g0's bounds.
static void
set_g0_bounds(const G *g0, uintptr_t lo, uintptr_t hi)
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
		if (r->alt_c_stack_hi == 0) {
			r->g0_lo = r->g0->stacklo;
			r->g0_hi = r->g0->stackhi;
		}
		set_g0_bounds(r->g0, lo, hi);
	} else if (r->g0 != NULL && r->alt_c_stack_hi != 0 && r->g0_hi != 0) {
		set_g0_bounds(r->g0, r->g0_lo, r->g0_hi);
		r->g0_hi = 0;
	}
	r->alt_c_stack_lo = lo;
	r->alt_c_stack_hi = hi;
}

void
rcgo__thread_name(uint64_t number)
{
	char name[16]; // the kernel's limit on Linux
	struct rcgo_strbuf t = rcgo__strbuf_init(name, sizeof name);
	int saved = errno;

	if (!rcgo__stats_flag(RCGO_STATS_PAGE_NAMES)) {
		return;
	}
	rcgo__append_str(&t, "go:");
	rcgo__append_uint(&t, number, 0);
	rcgo__thread_set_name(name);
	errno = saved;
}
