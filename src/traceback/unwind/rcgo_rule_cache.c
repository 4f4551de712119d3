// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the cache of rules, one for the process. Runs anywhere, also in
// handlers that interrupt each other.

#include "rcgo_rule.h"

#define CACHE_BITS 12

// A pair that was torn by two writers does not give the key, and so is as good as none.
struct cached_rule {
	uint64_t mixed; // key ^ rule
	uint64_t rule;
};

// owner: all walks; lock: none; ordering: none, each word is atomic and a pair proves itself
static struct cached_rule rule_cache[1 << CACHE_BITS] __attribute__((aligned(64)));

_Static_assert(sizeof rule_cache == 64 << 10, "64 KiB");

uint64_t
rcgo__rule_cached(uint64_t key)
{
	const struct cached_rule *entry = &rule_cache[key >> (64 - CACHE_BITS)];
	uint64_t rule = rcgo_load_rlx(&entry->rule);

	return (rcgo_load_rlx(&entry->mixed) ^ rule) == key ? rule : 0;
}

void
rcgo__rule_keep(uint64_t key, uint64_t rule)
{
	struct cached_rule *entry = &rule_cache[key >> (64 - CACHE_BITS)];

	rcgo_store_rlx(&entry->rule, rule);
	rcgo_store_rlx(&entry->mixed, key ^ rule);
}

void
rcgo__rule_forget(void)
{
	for (unsigned i = 0; i < RCGO_COUNTOF(rule_cache); i++) {
		rcgo_store_rlx(&rule_cache[i].rule, 0);
		rcgo_store_rlx(&rule_cache[i].mixed, 0);
	}
}
