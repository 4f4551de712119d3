// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the LZMA decoder under xz: its state, and what its files share.
#ifndef RCGO_LZMA_H
#define RCGO_LZMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_arena.h"
#include "rcgo_bytes.h"

#define RCGO_LZMA_STATES 12
#define RCGO_LZMA_PLACES 16		// positions told apart, at most
#define RCGO_LZMA_LITERALS (0x300 << 4) // with lc + lp at most 4, as LZMA2 has them
#define RCGO_LZMA_HALF 1024		// a bit of which nothing is known

// How likely each bit is 0, in 2048ths. Nothing but such numbers, so that they are set as one row.
struct rcgo_lzma_length {
	uint16_t choice[2];
	uint16_t low[RCGO_LZMA_PLACES][8];
	uint16_t middle[RCGO_LZMA_PLACES][8];
	uint16_t high[256];
};

struct rcgo_lzma_odds {
	uint16_t match[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t again[RCGO_LZMA_STATES];
	uint16_t again_first[RCGO_LZMA_STATES];
	uint16_t again_second[RCGO_LZMA_STATES];
	uint16_t again_third[RCGO_LZMA_STATES];
	uint16_t again_longer[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t slot[4][64];
	uint16_t middle[128]; // of distances up to 127
	uint16_t align[16];
	struct rcgo_lzma_length match_length, again_length;
	uint16_t literal[RCGO_LZMA_LITERALS];
};

struct rcgo_lzma {
	struct rcgo_bytes in; // of one chunk
	size_t next;
	uint32_t range, code;
	bool broken; // in was too short, or says what cannot be
	uint8_t *out;
	size_t size;	   // bytes in out
	size_t end;	   // where the chunk's output ends
	size_t dictionary; // where in out matches may begin
	uint32_t state;
	uint32_t distances[4]; // the last ones, the latest first; counted from 0
	uint32_t literal_bits, literal_place_mask, place_mask;
	struct rcgo_lzma_odds odds;
};

// Decodes the content of one chunk; the range decoder has been started. Returns whether the input
// was right up to its end.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__lzma_chunk(struct rcgo_lzma *s);

// Decompresses an LZMA2 stream at the beginning of in. Returns how many bytes were written to out
// and sets *used to how many were read, or -errno as rcgo__xz does.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__lzma2(
	struct rcgo_bytes in, size_t *used, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

#endif // RCGO_LZMA_H
