// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the cache of rules, one for the process, and the pages of objects
// that were seen. Runs anywhere, also in handlers that interrupt each other.

#include "rcgo_rule.h"

#define CACHE_BITS 12
#define WAYS 4 // a line of the processor's cache

// A pair that was torn by two writers does not give the key, and so is as good as none.
struct cached_rule {
	uint64_t mixed; // key ^ rule
	uint64_t rule;
};

// owner: all walks; lock: none; ordering: none, each word is atomic and a pair proves itself
static struct cached_rule rule_cache[1 << CACHE_BITS] __attribute__((aligned(64)));

// owner: all walks; lock: none; ordering: none, each word stands for itself
static uintptr_t seen_cache[256];

_Static_assert(sizeof rule_cache == 64 << 10, "64 KiB");

// Where a rule is looked for first; the other three places of its line are place ^ 1, 2 and 3.
static size_t
first_place(uintptr_t pc)
{
	return (pc ^ pc >> CACHE_BITS) % RCGO_COUNTOF(rule_cache);
}

// Not inlined, so that the first look is.
static __attribute__((noinline)) uint64_t
cached_elsewhere(size_t place, uint64_t key)
{
	for (size_t way = 1; way < WAYS; way++) {
		uint64_t rule = rcgo_load_rlx(&rule_cache[place ^ way].rule);

		if ((rcgo_load_rlx(&rule_cache[place ^ way].mixed) ^ rule) == key) {
			return rule;
		}
	}
	return RCGO_RULE_NONE;
}

uint64_t
rcgo__rule_cached(uintptr_t pc, uint64_t key)
{
	size_t place = first_place(pc);
	uint64_t rule = rcgo_load_rlx(&rule_cache[place].rule);

	if (RCGO_LIKELY((rcgo_load_rlx(&rule_cache[place].mixed) ^ rule) == key)) {
		return rule;
	}
	return cached_elsewhere(place, key);
}

// What was in the first place goes to the next, and so on.
void
rcgo__rule_keep(uintptr_t pc, uint64_t key, uint64_t rule)
{
	size_t place = first_place(pc);

	for (size_t way = WAYS - 1; way > 0; way--) {
		const struct cached_rule *from = &rule_cache[place ^ (way - 1)];
		struct cached_rule *to = &rule_cache[place ^ way];

		rcgo_store_rlx(&to->rule, rcgo_load_rlx(&from->rule));
		rcgo_store_rlx(&to->mixed, rcgo_load_rlx(&from->mixed));
	}
	rcgo_store_rlx(&rule_cache[place].rule, rule);
	rcgo_store_rlx(&rule_cache[place].mixed, key ^ rule);
}

static uintptr_t *
seen_place(uintptr_t what)
{
	return &seen_cache[(what >> 12 ^ what >> 20 ^ what) % RCGO_COUNTOF(seen_cache)];
}

bool
rcgo__rule_seen(uintptr_t what)
{
	return rcgo_load_rlx(seen_place(what)) == what;
}

void
rcgo__rule_see(uintptr_t what)
{
	rcgo_store_rlx(seen_place(what), what);
}

void
rcgo__rule_forget(bool seen_too)
{
	for (size_t i = 0; i < RCGO_COUNTOF(rule_cache); i++) {
		rcgo_store_rlx(&rule_cache[i].rule, 0);
		rcgo_store_rlx(&rule_cache[i].mixed, 0);
	}
	for (size_t i = 0; seen_too && i < RCGO_COUNTOF(seen_cache); i++) {
		rcgo_store_rlx(&seen_cache[i], 0);
	}
}
