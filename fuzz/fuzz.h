// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: helpers of all targets.
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"
#include "byte_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// The arena of all runs. It is empty at the start of each run.
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

// The output buffer of a decompressor, of exactly this size, so that an overflow is detected.
#define FUZZ_ROOM 100000

// Checks that a decompressor wrote no more than the buffer holds and released the arena.
static inline void
fuzz_check(ptrdiff_t n, size_t room, const struct rcgo_arena *arena)
{
	if (n > (ptrdiff_t)room || arena->used != 0) {
		abort();
	}
}

#endif // FUZZ_H
