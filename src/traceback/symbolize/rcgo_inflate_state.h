// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: what the files of our inflate share: its state, its bits, its codes.
#ifndef RCGO_INFLATE_STATE_H
#define RCGO_INFLATE_STATE_H

#include <stdint.h>

#include "rcgo_bytes.h"

// One code of a deflate block as a table: indexed by the next bits of the stream, it gives what
// they stand for. Codes longer than the index are told by their canonical order.
#define RCGO_INFLATE_FAST 10 // bits
#define RCGO_INFLATE_LONGEST 15
#define RCGO_INFLATE_SYMBOLS 288

struct rcgo_inflate_code {
	// symbol << 4 | length of its code; 0 is a code that is longer than the index, or none
	uint16_t fast[1 << RCGO_INFLATE_FAST];
	uint16_t sorted[RCGO_INFLATE_SYMBOLS];	  // the symbols in the order of their codes
	uint16_t count[RCGO_INFLATE_LONGEST + 1]; // of codes of each length
};

struct rcgo_inflate {
	struct rcgo_bytes in;
	size_t next;   // byte of in
	uint64_t bits; // read from in, the first one lowest; those above the count are 0 or right
	uint32_t count;
	uint32_t missing; // bytes that were read behind the end of in, as 0
	uint8_t *out;
	size_t cap, size;
	struct rcgo_inflate_code literals, distances;
	uint8_t lengths[RCGO_INFLATE_SYMBOLS + 32];
};

// Makes the two codes of a block of the fixed kind, or of one that brings its own. Returns false
// when the stream is broken.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_fixed_codes(struct rcgo_inflate *s);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_dynamic_codes(struct rcgo_inflate *s);

// Reads a symbol at the low end of bits, the way of codes that the fast table does not have.
// Returns as that table does.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__inflate_code_slow(const struct rcgo_inflate_code *code, uint64_t bits);

// Makes sure of 56 bits. What is read behind the end is counted and 0.
static inline void
inflate_refill(struct rcgo_inflate *s)
{
	if (RCGO_LIKELY(s->in.size - s->next >= 8)) {
		s->bits |= rcgo__get64(s->in.at + s->next, false) << s->count;
		s->next += (63 - s->count) >> 3;
		s->count |= 56;
		return;
	}
	while (s->count < 56) {
		if (s->next < s->in.size) {
			s->bits |= (uint64_t)s->in.at[s->next++] << s->count;
		} else {
			s->missing++;
		}
		s->count += 8;
	}
}

// The next n bits, of those that a refill made sure of.
static inline uint32_t
inflate_take(struct rcgo_inflate *s, uint32_t n)
{
	uint32_t value = (uint32_t)(s->bits & ((UINT64_C(1) << n) - 1));

	s->bits >>= n;
	s->count -= n;
	return value;
}

// Whether bits were used that the stream does not have.
static inline bool
inflate_overrun(const struct rcgo_inflate *s)
{
	return s->missing != 0 && s->count < 8 * (uint64_t)s->missing;
}

// The next symbol, or a number that is none.
static inline uint32_t
inflate_symbol(struct rcgo_inflate *s, const struct rcgo_inflate_code *code)
{
	uint32_t entry = code->fast[s->bits & ((1 << RCGO_INFLATE_FAST) - 1)];

	if (RCGO_UNLIKELY(entry == 0)) {
		entry = rcgo__inflate_code_slow(code, s->bits);
		if (entry == 0) {
			return UINT32_MAX;
		}
	}
	inflate_take(s, entry & 15);
	return entry >> 4;
}

#endif // RCGO_INFLATE_STATE_H
