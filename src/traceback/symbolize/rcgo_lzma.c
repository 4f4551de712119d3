// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: one chunk of LZMA. Runs on any stack, in signal handlers too.
// Contract: the LZMA specification of the LZMA SDK, and the xz file format 1.1.

#include "rcgo_lzma.h"

#define LZMA_BITS 11	      // of a probability
#define LZMA_MOVE 5	      // how fast it follows what it sees
#define LZMA_LITERAL_STATES 7 // states below follow a literal
#define LZMA_TOP (UINT32_C(1) << 24)

// Keeps the range wide enough for another bit.
static inline void
lzma_widen(struct rcgo_lzma *s)
{
	if (s->range < LZMA_TOP) {
		uint32_t byte = 0;

		if (RCGO_LIKELY(s->next < s->in.size)) {
			byte = s->in.at[s->next++];
		} else {
			s->broken = true;
		}
		s->range <<= 8;
		s->code = s->code << 8 | byte;
	}
}

static inline uint32_t
lzma_bit(struct rcgo_lzma *s, uint16_t *odds)
{
	uint32_t bound;

	lzma_widen(s);
	bound = (s->range >> LZMA_BITS) * *odds;
	if (s->code < bound) {
		s->range = bound;
		*odds = (uint16_t)(*odds + (((1u << LZMA_BITS) - *odds) >> LZMA_MOVE));
		return 0;
	}
	s->range -= bound;
	s->code -= bound;
	*odds = (uint16_t)(*odds - (*odds >> LZMA_MOVE));
	return 1;
}

// n bits that are as likely 0 as 1.
static uint32_t
lzma_even_bits(struct rcgo_lzma *s, uint32_t n)
{
	uint32_t value = 0;

	for (; n > 0; n--) {
		uint32_t bit;

		lzma_widen(s);
		s->range >>= 1;
		bit = s->code >= s->range;
		s->code -= bit != 0 ? s->range : 0;
		value = value << 1 | bit;
	}
	return value;
}

// n bits, the first one highest, each with odds by those before.
static inline uint32_t
lzma_tree(struct rcgo_lzma *s, uint16_t *odds, uint32_t n)
{
	uint32_t at = 1;

	for (uint32_t i = 0; i < n; i++) {
		at = at << 1 | lzma_bit(s, odds + at);
	}
	return at - (1u << n);
}

// The same with the first bit lowest.
static uint32_t
lzma_tree_reversed(struct rcgo_lzma *s, uint16_t *odds, uint32_t n)
{
	uint32_t at = 1, value = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t bit = lzma_bit(s, odds + at);

		at = at << 1 | bit;
		value |= bit << i;
	}
	return value;
}

static uint32_t
lzma_length(struct rcgo_lzma *s, struct rcgo_lzma_length *odds, uint32_t place)
{
	if (lzma_bit(s, &odds->choice[0]) == 0) {
		return 2 + lzma_tree(s, odds->low[place], 3);
	}
	if (lzma_bit(s, &odds->choice[1]) == 0) {
		return 10 + lzma_tree(s, odds->middle[place], 3);
	}
	return 18 + lzma_tree(s, odds->high, 8);
}

// The distance of a match of this length, counted from 0.
static uint32_t
lzma_distance(struct rcgo_lzma *s, uint32_t length)
{
	uint32_t slot = lzma_tree(s, s->odds.slot[length < 5 ? length - 2 : 3], 6);
	uint32_t bits = (slot >> 1) - 1;
	uint32_t high;

	if (slot < 4) {
		return slot;
	}
	high = (2 | (slot & 1)) << bits;
	if (slot < 14) {
		return high + lzma_tree_reversed(s, s->odds.middle + high - slot, bits);
	}
	high += lzma_even_bits(s, bits - 4) << 4;
	return high + lzma_tree_reversed(s, s->odds.align, 4);
}

static void
lzma_literal(struct rcgo_lzma *s)
{
	size_t place = s->size - s->dictionary;
	uint32_t before = place > 0 ? s->out[s->size - 1] : 0;
	uint32_t context = ((uint32_t)place & s->literal_place_mask) << s->literal_bits |
			   before >> (8 - s->literal_bits);
	uint16_t *odds = s->odds.literal + 0x300 * context;
	uint32_t at = 1;

	if (s->state >= LZMA_LITERAL_STATES) {
		// After a match the byte there is a hint, as long as the bits agree with it.
		uint32_t hint = s->distances[0] < place ? s->out[s->size - s->distances[0] - 1] : 0;
		uint32_t agree = 0x100;

		while (at < 0x100) {
			uint32_t bit;

			hint <<= 1;
			bit = lzma_bit(s, odds + agree + (hint & agree) + at);
			at = at << 1 | bit;
			agree &= bit != 0 ? hint : ~hint;
		}
	}
	while (at < 0x100) {
		at = at << 1 | lzma_bit(s, odds + at);
	}
	s->out[s->size++] = (uint8_t)at;
	s->state = s->state < 4 ? 0 : s->state < 10 ? s->state - 3 : s->state - 6;
}

// Copies a match; one that begins before the dictionary or runs over the chunk's end is broken.
static void
lzma_copy(struct rcgo_lzma *s, uint32_t length)
{
	size_t distance = (size_t)s->distances[0] + 1;

	if (distance > s->size - s->dictionary || length > s->end - s->size) {
		s->broken = true;
		return;
	}
	for (; length > 0; length--, s->size++) {
		s->out[s->size] = s->out[s->size - distance];
	}
}

// Moves one of the last distances to the front.
static void
lzma_recall(struct rcgo_lzma *s, uint32_t which)
{
	uint32_t distance = s->distances[which];

	for (; which > 0; which--) {
		s->distances[which] = s->distances[which - 1];
	}
	s->distances[0] = distance;
}

// A match at one of the last distances.
static void
lzma_again(struct rcgo_lzma *s, uint32_t place)
{
	struct rcgo_lzma_odds *odds = &s->odds;
	bool after_literal = s->state < LZMA_LITERAL_STATES;

	if (lzma_bit(s, &odds->again_first[s->state]) == 0) {
		if (lzma_bit(s, &odds->again_longer[s->state][place]) == 0) {
			s->state = after_literal ? 9 : 11;
			lzma_copy(s, 1);
			return;
		}
	} else if (lzma_bit(s, &odds->again_second[s->state]) == 0) {
		lzma_recall(s, 1);
	} else {
		lzma_recall(s, 2 + lzma_bit(s, &odds->again_third[s->state]));
	}
	s->state = after_literal ? 8 : 11;
	lzma_copy(s, lzma_length(s, &odds->again_length, place));
}

bool
rcgo__lzma_chunk(struct rcgo_lzma *s)
{
	while (s->size < s->end && !s->broken) {
		uint32_t place = (uint32_t)(s->size - s->dictionary) & s->place_mask;

		if (lzma_bit(s, &s->odds.match[s->state][place]) == 0) {
			lzma_literal(s);
		} else if (lzma_bit(s, &s->odds.again[s->state]) != 0) {
			lzma_again(s, place);
		} else {
			uint32_t length = lzma_length(s, &s->odds.match_length, place);

			lzma_recall(s, 3);
			s->distances[0] = lzma_distance(s, length);
			s->state = s->state < LZMA_LITERAL_STATES ? 7 : 10;
			lzma_copy(s, length);
		}
	}
	lzma_widen(s);
	return !s->broken && s->next == s->in.size && s->code == 0;
}
