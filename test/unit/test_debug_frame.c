// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: unwind information that exists only in .debug_frame. The functions
// of this file have no other.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "debug_frame.h"
#include "unit.h"

__asm__(".cfi_sections .debug_frame");

__attribute__((noinline)) static int
one_of_these(int n)
{
	__asm__("" : "+r"(n));
	return n * 3;
}

__attribute__((noinline)) static int
another(int n)
{
	return one_of_these(n + 1) + 1;
}

static struct rcgo_module
own_module(void)
{
	struct rcgo_module m;

	rcgo__modules_init();
	CHECK(rcgo__module_find((uintptr_t)&own_module, &m));
	return m;
}

// Checks that the FDE belongs to the function that begins at start.
static void
check_function(const struct rcgo_module *m, uintptr_t start)
{
	struct rcgo_debug_frame at;
	struct rcgo_debug_entry entry[2];
	uintptr_t first;
	uint32_t size;

	errno = 77;
	CHECK(rcgo__debug_frame_find(m, start + 1, &at));
	CHECK_INT(errno, 77);
	CHECK(at.fde > at.start && at.fde + 4 < at.end);
	memcpy(&size, (const void *)at.fde, sizeof size);
	CHECK(at.fde + 4 + size <= at.end);
	memcpy(&first, (const void *)(at.fde + 8), sizeof first);
	CHECK_INT(first + m->bias, start);
	CHECK(rcgo__debug_frame_entries((const uint8_t *)at.start, at.end - at.start, entry, 2) >
		2);
}

TEST(finds_functions)
{
	struct rcgo_module m = own_module();

	CHECK_INT(another(1), 7);
	check_function(&m, (uintptr_t)&one_of_these);
	check_function(&m, (uintptr_t)&another);
	check_function(&m, (uintptr_t)&check_function);
}

TEST(finds_no_others)
{
	struct rcgo_module m = own_module();
	struct rcgo_debug_frame at;

	CHECK(!rcgo__debug_frame_find(&m, (uintptr_t)&rcgo__modules_init, &at));
	CHECK(!rcgo__debug_frame_find(&m, m.start, &at));
	CHECK(!rcgo__debug_frame_find(&m, m.end, &at));
	CHECK(!rcgo__debug_frame_find(&m, 0, &at));
}

// The reference: the whole .eh_frame of an object that has a sorted table.
struct whole {
	const uint8_t *at;
	size_t size;
	const int32_t *table; // pairs: function, FDE
	size_t count;
	uintptr_t hdr;
};

static struct whole
whole_eh_frame(const struct rcgo_module *m)
{
	const uint8_t *hdr = m->eh_frame_hdr;
	struct whole w = {
		.hdr = (uintptr_t)hdr, .table = (const int32_t *)(const void *)(hdr + 12)};
	const uint8_t *at;
	int32_t offset;
	uint32_t size, count;

	CHECK(hdr != NULL);
	CHECK(hdr[1] == 0x1b && hdr[2] == 0x03 && hdr[3] == 0x3b); // as linkers write it
	memcpy(&offset, hdr + 4, sizeof offset);
	memcpy(&count, hdr + 8, sizeof count);
	w.at = hdr + 4 + offset;
	w.count = count;
	for (at = w.at; memcpy(&size, at, sizeof size), size != 0; at += size + 4) {
	}
	w.size = (size_t)(at - w.at);
	return w;
}

TEST(reads_a_whole_eh_frame)
{
	struct rcgo_module m = own_module();
	struct whole w = whole_eh_frame(&m);
	struct rcgo_debug_entry *entry = malloc(w.count * sizeof *entry);

	CHECK_INT(rcgo__eh_frame_entries(w.at, w.size, m.bias, entry, w.count), w.count);
	for (size_t i = 0; i < w.count; i++) {
		bool found = false;

		for (size_t k = 0; k < w.count && !found; k++) {
			found = entry[k].start + m.bias ==
					w.hdr + (uintptr_t)(intptr_t)w.table[2 * i] &&
				(uintptr_t)w.at + entry[k].fde ==
					w.hdr + (uintptr_t)(intptr_t)w.table[2 * i + 1] &&
				entry[k].end > entry[k].start;
		}
		CHECK(found);
	}
	free(entry);
}

TEST(nonsense_in_an_eh_frame_does_no_harm)
{
	struct rcgo_module m = own_module();
	struct whole w = whole_eh_frame(&m);
	struct rcgo_debug_entry entry[16];
	uint8_t *copy = malloc(w.size);

	for (int i = 0; i < 500; i++) {
		size_t part = w.size - unit_random() % w.size;
		uint8_t *from = copy + w.size - part;

		memcpy(from, w.at, part);
		for (int k = 0; k < 8; k++) {
			copy[w.size - 1 - unit_random() % part] = (uint8_t)unit_random();
		}
		rcgo__eh_frame_entries(from, part, m.bias, entry, UNIT_COUNTOF(entry));
	}
	free(copy);
}

TEST(an_object_without_is_asked_once)
{
	struct rcgo_module m;
	struct rcgo_debug_frame at;

	rcgo__modules_init();
	CHECK(rcgo__module_find((uintptr_t)&abort, &m));
	for (int i = 0; i < 100000; i++) {
		CHECK(!rcgo__debug_frame_find(&m, (uintptr_t)&abort, &at));
	}
}

TEST(nonsense_does_no_harm)
{
	struct rcgo_module m = own_module();
	struct rcgo_debug_frame at;
	struct rcgo_debug_entry entry[16];
	uint8_t *copy;
	size_t size;

	CHECK(rcgo__debug_frame_find(&m, (uintptr_t)&another, &at));
	size = at.end - at.start;
	copy = malloc(size);
	for (int i = 0; i < 2000; i++) {
		size_t part = size - unit_random() % size;

		memcpy(copy + size - part, (const void *)at.start, part);
		for (int k = 0; k < 8; k++) {
			copy[size - 1 - unit_random() % part] = (uint8_t)unit_random();
		}
		rcgo__debug_frame_entries(copy + size - part, part, entry, UNIT_COUNTOF(entry));
	}
	free(copy);
}

UNIT_MAIN(UNIT_TEST(finds_functions), UNIT_TEST(finds_no_others), UNIT_TEST(reads_a_whole_eh_frame),
	UNIT_TEST(nonsense_in_an_eh_frame_does_no_harm), UNIT_TEST(an_object_without_is_asked_once),
	UNIT_TEST(nonsense_does_no_harm))
