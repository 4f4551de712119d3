// SPDX-License-Identifier: BSD-3-Clause
// Base: memory for code that may not call malloc.

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "inject.h"
#include "arena.h"
#include "unit.h"

TEST(gives_aligned_bytes_until_full)
{
	struct rcgo_arena arena;
	uint8_t *last = NULL;
	size_t n = 0;

	errno = 77;
	CHECK_INT(rcgo__arena_init(&arena, 100000), 0);
	CHECK_INT(errno, 77);
	CHECK(arena.cap >= 100000);
	for (size_t size = 1;; size = size * 7 % 1021 + 1) {
		uint8_t *at = rcgo__arena_alloc(&arena, size);

		if (at == NULL) {
			break;
		}
		CHECK_INT((uintptr_t)at % RCGO_ARENA_ALIGN, 0);
		CHECK(last == NULL || at > last);
		CHECK(at + size <= arena.at + arena.cap);
		memset(at, 0xa5, size);
		last = at + size - 1;
		n++;
	}
	CHECK(n > 100);
	CHECK(arena.cap - arena.used < 1024);
	rcgo__arena_free(&arena);
	CHECK(arena.at == NULL && rcgo__arena_alloc(&arena, 1) == NULL);
	CHECK_INT(errno, 77);
}

TEST(refuses_what_cannot_be)
{
	struct rcgo_arena arena, none = {0};

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	CHECK(rcgo__arena_alloc(&arena, SIZE_MAX) == NULL);
	CHECK(rcgo__arena_alloc(&arena, SIZE_MAX - 8) == NULL);
	CHECK(rcgo__arena_alloc(&arena, arena.cap + 1) == NULL);
	CHECK_INT(arena.used, 0);
	CHECK(rcgo__arena_alloc(&arena, arena.cap) == arena.at);
	CHECK(rcgo__arena_alloc(&arena, 1) == NULL);
	rcgo__arena_free(&arena);
	CHECK(rcgo__arena_alloc(&none, 0) == NULL);
	rcgo__arena_trim(&none);
	rcgo__arena_free(&none);
}

TEST(takes_back_to_a_mark)
{
	struct rcgo_arena arena;
	uint8_t *first, *again;
	size_t mark;

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	rcgo__arena_alloc(&arena, 100);
	mark = rcgo__arena_mark(&arena);
	first = rcgo__arena_alloc(&arena, 300000);
	memset(first, 1, 300000);
	rcgo__arena_release(&arena, mark);
	again = rcgo__arena_zalloc(&arena, 300000);
	CHECK(again == first);
	for (size_t i = 0; i < 300000; i++) {
		CHECK(again[i] == 0);
	}
	// Resetting to a later mark does not move the arena forward.
	rcgo__arena_release(&arena, mark);
	rcgo__arena_release(&arena, mark + 64);
	CHECK_INT(rcgo__arena_mark(&arena), mark);
	rcgo__arena_free(&arena);
}

TEST(trims_what_is_not_used)
{
	struct rcgo_arena arena;
	uint8_t *kept, *given;
	size_t mark;

	CHECK_INT(rcgo__arena_init(&arena, 4 << 20), 0);
	kept = rcgo__arena_alloc(&arena, 1000);
	memset(kept, 1, 1000);
	mark = rcgo__arena_mark(&arena);
	given = rcgo__arena_alloc(&arena, 2 << 20);
	memset(given, 1, 2 << 20);
	rcgo__arena_release(&arena, mark);
	rcgo__arena_trim(&arena);
	for (size_t i = 0; i < 1000; i++) {
		CHECK(kept[i] == 1);
	}
	given = rcgo__arena_alloc(&arena, 2 << 20);
	// Pages that the kernel reclaimed read as 0.
	CHECK(given[1 << 20] == 0);
	rcgo__arena_free(&arena);
}

TEST(takes_less_when_the_system_has_less)
{
	struct rcgo_arena arena;

	inject_arm(&inject_mmap, 0, 3, ENOMEM);
	CHECK_INT(rcgo__arena_init(&arena, 64 << 20), 0);
	CHECK_INT(arena.cap, 8 << 20);
	memset(rcgo__arena_alloc(&arena, arena.cap), 1, arena.cap);
	rcgo__arena_free(&arena);

	inject_arm(&inject_mmap, 0, 100, EPERM);
	errno = 77;
	CHECK_INT(rcgo__arena_init(&arena, 64 << 20), -EPERM);
	CHECK_INT(errno, 77);
	CHECK(rcgo__arena_alloc(&arena, 1) == NULL);
	CHECK_INT(rcgo__arena_init(&arena, SIZE_MAX), -ENOMEM);
}

// Returns whether the mapping that begins at start has flag, as its two letters in VmFlags.
static bool
mapping_has(const void *start, const char *flag)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	char line[512], begin[32];
	bool inside = false, has = false;

	CHECK(smaps != NULL);
	snprintf(begin, sizeof begin, "%lx-", (unsigned long)start);
	while (fgets(line, sizeof line, smaps) != NULL) {
		if (strchr(line, '-') != NULL && strchr(line, '-') < strchr(line, ' ')) {
			inside = strncmp(line, begin, strlen(begin)) == 0;
		} else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			has = strstr(line, flag) != NULL;
		}
	}
	fclose(smaps);
	return has;
}

// The arena would be most of a core file and says nothing about the program.
TEST(is_not_part_of_a_core_file)
{
	struct rcgo_arena arena;

	if (access("/proc/self/smaps", R_OK) != 0 || unit_emulated()) {
		unit_skip("no smaps");
	}
	CHECK_INT(rcgo__arena_init(&arena, 64 << 20), 0);
	CHECK(mapping_has(arena.at, " dd"));
	rcgo__arena_free(&arena);
}

UNIT_MAIN(UNIT_TEST(gives_aligned_bytes_until_full), UNIT_TEST(refuses_what_cannot_be),
	UNIT_TEST(takes_back_to_a_mark), UNIT_TEST(trims_what_is_not_used),
	UNIT_TEST(is_not_part_of_a_core_file), UNIT_TEST(takes_less_when_the_system_has_less))
