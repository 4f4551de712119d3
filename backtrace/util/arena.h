// SPDX-License-Identifier: BSD-3-Clause
// Arena allocation where malloc must not be called: one anonymous mapping, filled from the bottom.
// Untouched pages cost nothing. Only one thread uses an arena at a time.
#ifndef RCGO_ARENA_H
#define RCGO_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// An all-zero arena has no memory: every allocation fails, and rcgo__arena_free does nothing.
struct rcgo_arena {
	uint8_t *at;
	size_t cap;  // bytes mapped
	size_t used; // bytes allocated; a multiple of RCGO_ARENA_ALIGN
	size_t peak; // maximum of used since the last trim
};

#define RCGO_ARENA_ALIGN 16

// Maps cap bytes. If the system refuses, tries half, a quarter, …, down to 64 KiB. Returns 0, or
// -errno and an arena without memory.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED int rcgo__arena_init(struct rcgo_arena *arena, size_t cap);

// Allocates size bytes, aligned to RCGO_ARENA_ALIGN and not cleared. Returns NULL if they do not
// fit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void *rcgo__arena_alloc(struct rcgo_arena *arena, size_t size);

// Allocates size bytes, aligned to RCGO_ARENA_ALIGN and set to 0. Returns NULL if they do not fit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void *rcgo__arena_zalloc(struct rcgo_arena *arena, size_t size);

// Returns the current fill level. rcgo__arena_release frees everything allocated since that mark.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__arena_mark(const struct rcgo_arena *arena);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_release(struct rcgo_arena *arena, size_t mark);

// Returns unused pages to the system. The mapping stays.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_trim(struct rcgo_arena *arena);

// Unmaps the arena.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__arena_free(struct rcgo_arena *arena);

#endif // RCGO_ARENA_H
