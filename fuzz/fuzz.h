// SPDX-License-Identifier: BSD-3-Clause
// Fuzzers: what each target uses.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "byte_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// An arena for all runs; each run finds it empty.
static inline struct rcgo_arena *
fuzz_arena(void)
{
	static struct rcgo_arena arena;

	if (arena.at == NULL && rcgo__arena_init(&arena, (size_t)64 << 20) != 0) {
		abort();
	}
	rcgo__arena_release(&arena, 0);
	return &arena;
}

// What a decompressor may write to: just so many bytes, so that one more is seen.
#define FUZZ_ROOM 100000

// That a decompressor keeps its word: never more than the room, and the arena as it was.
static inline void
fuzz_check(ptrdiff_t n, size_t room, const struct rcgo_arena *arena)
{
	if (n > (ptrdiff_t)room || arena->used != 0) {
		abort();
	}
}

#endif // FUZZ_H
