// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the building blocks of DWARF reading: numbers, forms, ranges, the cache.

#include <stdlib.h>
#include <string.h>

#include "dwarf_unit.h"
#include "dwarf_inline.h"
#include "unit.h"

static struct rcgo_reader
reader(const void *at, size_t size)
{
	return rcgo__reader_make((struct rcgo_bytes){.at = at, .size = size}, false);
}

TEST(numbers)
{
	static const uint8_t bytes[] = {0xe5, 0x8e, 0x26, 0x9b, 0xf1, 0x59, 0x7f, 0x01, 0x02, 0x03};
	struct rcgo_reader c = reader(bytes, sizeof bytes);

	CHECK_INT(rcgo__reader_uleb(&c), 624485);
	CHECK_INT(rcgo__reader_sleb(&c), -624485);
	CHECK_INT(rcgo__reader_sleb(&c), -1);
	CHECK_INT(rcgo__reader_word(&c, 3), 0x030201);
	CHECK(!c.bad);
	// Beyond the end, reads give 0 and set the error.
	CHECK_INT(rcgo__reader_word(&c, 1), 0);
	CHECK(c.bad);
}

// A LEB128 number that never ends, and one that is longer than any word.
TEST(numbers_that_are_broken)
{
	uint8_t bytes[40];
	struct rcgo_reader c;

	memset(bytes, 0x80, sizeof bytes);
	c = reader(bytes, sizeof bytes);
	CHECK_INT(rcgo__reader_uleb(&c), 0);
	CHECK(c.bad && c.at == c.end);
	bytes[sizeof bytes - 1] = 1;
	c = reader(bytes, sizeof bytes);
	CHECK_INT(rcgo__reader_uleb(&c), 0);
	CHECK(!c.bad && c.at == c.end);
	c = reader(NULL, 0);
	CHECK(rcgo__reader_string(&c) == NULL && c.bad);
}

// Skipping and reading consume the same bytes, for every form, complete or truncated.
TEST(forms_read_and_skip_alike)
{
	static const struct rcgo_encoding encodings[] = {
		{.version = 2, .address_size = 4, .offset_size = 4},
		{.version = 5, .address_size = 8, .offset_size = 4},
		{.version = 5, .address_size = 8, .offset_size = 8},
	};
	uint8_t bytes[64];

	for (int round = 0; round < 2000; round++) {
		uint8_t form = (uint8_t)(round % RCGO_FORM_COUNT);
		const struct rcgo_encoding *encoding = &encodings[round % 3];
		size_t size = unit_random() % sizeof bytes;
		struct rcgo_reader a, b;

		for (size_t i = 0; i < sizeof bytes; i++) {
			bytes[i] = (uint8_t)unit_random() & (round % 5 == 0 ? 0xff : 0x1f);
		}
		if (form == 0 || form == 2) {
			continue;
		}
		a = b = reader(bytes, size);
		rcgo__form_read(&a, form, 0, encoding);
		rcgo__form_skip(&b, form, encoding);
		CHECK(a.at == b.at);
		CHECK_INT(a.bad, b.bad);
		CHECK(a.at <= a.end);
	}
}

// Compared with a linear search, for ranges that are nested or side by side.
TEST(spans)
{
	enum { N = 300 };
	struct rcgo_pc_range spans[N];
	struct rcgo_arena scratch;

	CHECK_INT(rcgo__arena_init(&scratch, 1 << 20), 0);
	for (uint32_t i = 0; i < N; i++) {
		// The innermost of nested ranges is the shortest: their sizes are powers of two.
		uint64_t size = UINT64_C(1) << unit_random() % 10;
		uint64_t low = unit_random() % 4096 / size * size;

		spans[i] = (struct rcgo_pc_range){.low = low, .high = low + size, .value = i};
	}
	CHECK(rcgo__pc_ranges_sort(spans, N, &scratch));
	CHECK_INT(scratch.used, 0);
	for (uint64_t address = 0; address < 5200; address++) {
		uint32_t at = rcgo__pc_ranges_find(spans, N, address), held = 0, found = 0;
		uint64_t shortest = UINT64_MAX;

		for (uint32_t i = 0; i < N; i++) {
			if (address - spans[i].low < spans[i].high - spans[i].low) {
				held++;
				if (spans[i].high - spans[i].low < shortest) {
					shortest = spans[i].high - spans[i].low;
				}
			}
		}
		CHECK_INT(at != RCGO_PC_RANGE_NONE, held > 0);
		if (held > 0) {
			CHECK_INT(spans[at].high - spans[at].low, shortest);
		}
		for (; at != RCGO_PC_RANGE_NONE; at = rcgo__pc_ranges_outward(spans, at, address)) {
			found++;
		}
		CHECK_INT(found, held);
	}
	rcgo__arena_free(&scratch);
}

// Entries in frequent use stay, others are evicted, and nothing moves while it is pinned.
TEST(cache)
{
	struct rcgo_dwarf_cache cache;
	struct rcgo_arena arena;
	uint8_t *kept;

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	rcgo__cache_init(&cache, &arena, 4096);
	CHECK(rcgo__cache_get(&cache, RCGO_CACHE_LINES, 1, 0) == NULL);
	CHECK(rcgo__cache_put(&cache, RCGO_CACHE_LINES, 1, 0, 4097) == NULL);
	kept = rcgo__cache_put(&cache, RCGO_CACHE_LINES, 1, 7, 100);
	memset(kept, 0x5a, 100);
	for (uint64_t i = 100; i < 200; i++) {
		rcgo__cache_pin(&cache);
		CHECK(rcgo__cache_put(&cache, RCGO_CACHE_INLINE_TREES, 1, i, 1000) != NULL);
		kept = rcgo__cache_get(&cache, RCGO_CACHE_LINES, 1, 7);
		CHECK(kept != NULL && kept[0] == 0x5a && kept[99] == 0x5a);
		CHECK(rcgo__cache_get(&cache, RCGO_CACHE_LINES, 2, 7) == NULL);
	}
	CHECK(rcgo__cache_get(&cache, RCGO_CACHE_INLINE_TREES, 1, 100) == NULL);
	rcgo__cache_pin(&cache);
	kept = rcgo__cache_get(&cache, RCGO_CACHE_LINES, 1, 7);
	for (uint64_t i = 200; i < 220; i++) {
		uint8_t *block = rcgo__cache_put(&cache, RCGO_CACHE_INLINE_TREES, 1, i, 1500);

		if (block != NULL) {
			memset(block, 0, 1500);
		}
	}
	CHECK(kept[0] == 0x5a && kept[99] == 0x5a);
	rcgo__arena_free(&arena);
}

UNIT_MAIN(UNIT_TEST(numbers), UNIT_TEST(numbers_that_are_broken),
	UNIT_TEST(forms_read_and_skip_alike), UNIT_TEST(spans), UNIT_TEST(cache))
