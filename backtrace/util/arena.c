// SPDX-License-Identifier: BSD-3-Clause
// Arena allocation where malloc must not be called. Safe in signal handlers, on any stack.

//go:build unix

//rcgo:small

#include "arena.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA_MIN (64 * 1024)

// The largest page size of any system. Trimming by it is correct everywhere and wastes little.
#define ARENA_PAGE (64 * 1024)

// Linux needs this flag to map more memory than it has; other systems always permit it.
#ifndef MAP_NORESERVE
#	define MAP_NORESERVE 0
#endif

// The kernel takes the pages back. FreeBSD's MADV_DONTNEED keeps what was written.
#ifdef __FreeBSD__
#	define ARENA_RECLAIM MADV_FREE
#else
#	define ARENA_RECLAIM MADV_DONTNEED
#endif

// Without this advice a core file contains a large hole or, without sparse files, zeros.
#ifdef MADV_DONTDUMP
#	define ARENA_ADVICE MADV_DONTDUMP
#else
#	define ARENA_ADVICE MADV_NORMAL
#endif

static size_t
arena_round(size_t n, size_t unit)
{
	return (n + unit - 1) / unit * unit;
}

int
rcgo__arena_init(struct rcgo_arena *arena, size_t cap)
{
	int saved = errno;
	int err = ENOMEM;

	*arena = (struct rcgo_arena){0};
	if (cap < ARENA_MIN) {
		cap = ARENA_MIN;
	}
	if (cap > SIZE_MAX - ARENA_PAGE) {
		return -ENOMEM;
	}
	// A limit on the address space (ulimit -v) may leave room for a smaller arena.
	for (cap = arena_round(cap, ARENA_PAGE); cap >= ARENA_MIN; cap = cap / 2 & ~(size_t)0xfff) {
		void *at = mmap(NULL, cap, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (at != MAP_FAILED) {
			madvise(at, cap, ARENA_ADVICE);
			arena->at = at;
			arena->cap = cap;
			err = 0;
			break;
		}
		err = errno;
	}
	errno = saved;
	return -err;
}

void *
rcgo__arena_alloc(struct rcgo_arena *arena, size_t size)
{
	uint8_t *at;

	if (size > arena->cap - arena->used || arena->at == NULL) {
		return NULL;
	}
	at = arena->at + arena->used;
	// cap is a multiple of the alignment, so rounding up cannot exceed it.
	arena->used += arena_round(size, RCGO_ARENA_ALIGN);
	if (arena->used > arena->peak) {
		arena->peak = arena->used;
	}
	return at;
}

void *
rcgo__arena_zalloc(struct rcgo_arena *arena, size_t size)
{
	void *at = rcgo__arena_alloc(arena, size);

	if (at != NULL) {
		memset(at, 0, size);
	}
	return at;
}

size_t
rcgo__arena_mark(const struct rcgo_arena *arena)
{
	return arena->used;
}

void
rcgo__arena_release(struct rcgo_arena *arena, size_t mark)
{
	if (mark < arena->used) {
		arena->used = mark;
	}
}

void
rcgo__arena_trim(struct rcgo_arena *arena)
{
	size_t from = arena_round(arena->used, ARENA_PAGE);
	size_t to = arena_round(arena->peak, ARENA_PAGE);
	int saved = errno;

	if (to > arena->cap) {
		to = arena->cap;
	}
	if (arena->at != NULL && from < to) {
		madvise(arena->at + from, to - from, ARENA_RECLAIM);
		arena->peak = from;
	}
	errno = saved;
}

void
rcgo__arena_free(struct rcgo_arena *arena)
{
	int saved = errno;

	if (arena->at != NULL) {
		munmap(arena->at, arena->cap);
	}
	*arena = (struct rcgo_arena){0};
	errno = saved;
}
