// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the cache of rules, one for the process, and in it the notes on
// objects that stay. Runs anywhere, also in handlers that interrupt each other.

#include "unwind_cache.h"

#define CACHE_BITS 12
#define WAYS 4 // a line of the processor's cache

// A pair that was torn by two writers does not give the key, and so is as good as none.
struct cached_rule {
	uint64_t mixed; // key ^ rule
	uint64_t rule;
};

// owner: all walks; lock: none; ordering: none, each word is atomic and a pair proves itself
static struct cached_rule rule_cache[1 << CACHE_BITS] __attribute__((aligned(64)));

_Static_assert(sizeof rule_cache == 64 << 10, "64 KiB");

// Where a rule is looked for first; the other three places of its line are place ^ 1, 2 and 3.
static size_t
first_place(uintptr_t hash_pc)
{
	return (hash_pc ^ hash_pc >> CACHE_BITS) % RCGO_COUNTOF(rule_cache);
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
	return RCGO_UNWIND_ENTRY_NONE;
}

uint64_t
rcgo__unwind_cache_find(uintptr_t hash_pc, uint64_t key)
{
	size_t place = first_place(hash_pc);
	uint64_t rule = rcgo_load_rlx(&rule_cache[place].rule);

	if (RCGO_LIKELY((rcgo_load_rlx(&rule_cache[place].mixed) ^ rule) == key)) {
		return rule;
	}
	return cached_elsewhere(place, key);
}

// What was in the first place goes to the next, and so on up to a place that is free.
void
rcgo__unwind_cache_store(uintptr_t hash_pc, uint64_t key, uint64_t rule)
{
	size_t place = first_place(hash_pc);
	size_t room = 0;

	while (room < WAYS - 1 && rcgo_load_rlx(&rule_cache[place ^ room].rule) != 0) {
		room++;
	}
	for (size_t way = room; way > 0; way--) {
		const struct cached_rule *from = &rule_cache[place ^ (way - 1)];
		struct cached_rule *to = &rule_cache[place ^ way];

		rcgo_store_rlx(&to->rule, rcgo_load_rlx(&from->rule));
		rcgo_store_rlx(&to->mixed, rcgo_load_rlx(&from->mixed));
	}
	rcgo_store_rlx(&rule_cache[place].rule, rule);
	rcgo_store_rlx(&rule_cache[place].mixed, key ^ rule);
}

// Notes stand among the rules, under salts that no object has.
#define NOTE_SALT 0x5851f42d4c957f2dU

static uint64_t
note_key(uintptr_t what, enum rcgo_cached_fact kind)
{
	return rcgo__unwind_cache_key(what, NOTE_SALT * (kind + 1));
}

// Pages lie side by side, and would fill whole lines.
static uintptr_t
note_place(uintptr_t what)
{
	return (uintptr_t)(what * RCGO_UNWIND_ENTRY_MIX >> 20);
}

uint64_t
rcgo__cached_fact_load(uintptr_t what, enum rcgo_cached_fact kind)
{
	return rcgo__unwind_cache_find(note_place(what), note_key(what, kind));
}

void
rcgo__cached_fact_store(uintptr_t what, enum rcgo_cached_fact kind, uint64_t note)
{
	rcgo__unwind_cache_store(
		note_place(what), note_key(what, kind), note | RCGO_UNWIND_ENTRY_IS_FACT);
}

void
rcgo__unwind_cache_clear(bool notes_too)
{
	for (size_t i = 0; i < RCGO_COUNTOF(rule_cache); i++) {
		if (notes_too || RCGO_UNWIND_ENTRY_KIND(rcgo_load_rlx(&rule_cache[i].rule)) !=
					 RCGO_UNWIND_ENTRY_IS_FACT) {
			rcgo_store_rlx(&rule_cache[i].rule, 0);
			rcgo_store_rlx(&rule_cache[i].mixed, 0);
		}
	}
}
