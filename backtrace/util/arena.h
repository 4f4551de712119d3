// SPDX-License-Identifier: BSD-3-Clause
// Base: memory where malloc may not be called: one anonymous mapping that is filled from below.
// Pages cost nothing until they are touched. An arena has one user at a time.
#ifndef RCGO_ARENA_H
#define RCGO_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// All zero is an arena without memory: every allocation fails, and freeing it does nothing.
struct rcgo_arena {
	uint8_t *at;
	size_t cap;  // bytes mapped
	size_t used; // bytes given out; a multiple of RCGO_ARENA_ALIGN
	size_t peak; // the most that used has been since the last trim
};

#define RCGO_ARENA_ALIGN 16

// Maps cap bytes, or as many as the system grants: half, a quarter, …, at least 64 KiB. Returns 0,
// or -errno and an arena without memory.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED int rcgo__arena_init(struct rcgo_arena *arena, size_t cap);

// Gives size bytes, aligned to RCGO_ARENA_ALIGN, or NULL when so many are not left. They are not
// cleared.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void *rcgo__arena_alloc(struct rcgo_arena *arena, size_t size);

// The same, with all bytes 0.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void *rcgo__arena_zalloc(struct rcgo_arena *arena, size_t size);

// Remembers how full the arena is; releasing that mark takes back all that was given out since.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__arena_mark(const struct rcgo_arena *arena);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_release(struct rcgo_arena *arena, size_t mark);

// Gives the pages that are not in use back to the system; the mapping stays.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_trim(struct rcgo_arena *arena);

// Unmaps the arena.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_free(struct rcgo_arena *arena);

#endif // RCGO_ARENA_H
