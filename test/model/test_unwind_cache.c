// SPDX-License-Identifier: BSD-3-Clause
// The unwind cache: a reader gets the entry of its key or none, whatever writers do meanwhile.

#include <string.h>

#include "unwind_cache.c"

#include "model.h"

// Program counters of one cache line, with the entry that belongs to each.
enum { PLACE = 0x40 };
#define KEY(i) (UINT64_C(0x123456789abc0000) * (i))
#define ENTRY(i) (UINT64_C(0x0f1e2d3c4b5a0001) * (i) | 1)

static void
start(void)
{
	memset(&rcgo__entry_cache[rcgo__unwind_cache_slot(PLACE) & ~(size_t)3], 0,
		4 * sizeof rcgo__entry_cache[0]);
	rcgo__unwind_cache_store(PLACE, KEY(1), ENTRY(1));
}

static void
find(unsigned i)
{
	uint64_t entry = rcgo__unwind_cache_find(PLACE, KEY(i));

	MODEL_ASSERT(entry == RCGO_UNWIND_ENTRY_NONE || entry == ENTRY(i));
}

static void
store_second(void)
{
	rcgo__unwind_cache_store(PLACE, KEY(2), ENTRY(2));
}

static void
store_third(void)
{
	rcgo__unwind_cache_store(PLACE, KEY(3), ENTRY(3));
}

static void
find_first(void)
{
	find(1);
}

static void
find_second(void)
{
	find(2);
}

static void
clear_line(void)
{
	struct rcgo_cached_entry *e = &rcgo__entry_cache[rcgo__unwind_cache_slot(PLACE)];

	rcgo_store_rlx(&e->entry, 0);
	rcgo_store_rlx(&e->mixed, 0);
}

static const struct model_test tests[] = {
	{.name = "an entry moves",
		.before = start,
		.threads = {{store_second}, {find_first}},
		.preemptions = 2},
	{.name = "two writers",
		.before = start,
		.threads = {{store_second}, {store_third}, {find_second}},
		.preemptions = 1},
	{.name = "the cache is cleared",
		.before = start,
		.threads = {{store_second}, {clear_line}, {find_first}},
		.preemptions = 1},
	{.name = "a handler stores",
		.before = start,
		.threads = {{store_second, store_third}, {find_first}},
		.preemptions = 1},
	{.name = "a handler reads",
		.before = start,
		.threads = {{store_second, find_first}, {store_third}},
		.preemptions = 1},
};

MODEL_MAIN(tests)
