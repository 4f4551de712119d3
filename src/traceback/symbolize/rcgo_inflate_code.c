// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the prefix codes of deflate. Runs on any stack, in signal handlers too.
// Contract: RFC 1951, 3.2.2.

#include "rcgo_inflate_state.h"

#include <string.h>

// How many codes of each length there are. Returns how much of the code space stays free, in
// codes of the longest length; negative when the lengths take more than there is.
static int32_t
inflate_count(struct rcgo_inflate_code *code, const uint8_t *lengths, size_t n)
{
	int32_t space = 1;

	memset(code->count, 0, sizeof code->count);
	for (size_t i = 0; i < n; i++) {
		code->count[lengths[i]]++;
	}
	code->count[0] = 0;
	for (int length = 1; length <= RCGO_INFLATE_LONGEST; length++) {
		space = space * 2 - code->count[length];
		if (space < 0) {
			return space;
		}
	}
	return space;
}

static uint32_t
inflate_reversed(uint32_t bits, uint32_t n)
{
	uint32_t r = 0;

	for (; n > 0; n--) {
		r = r << 1 | (bits & 1);
		bits >>= 1;
	}
	return r;
}

// Makes the table for n symbols whose codes have these lengths; 0 is a symbol that is not used.
// Returns whether the lengths make a code: none too many, and none missing unless it is just one.
static bool
inflate_code_make(struct rcgo_inflate_code *code, const uint8_t *lengths, size_t n)
{
	uint32_t next[RCGO_INFLATE_LONGEST + 2] = {0};
	uint16_t place[RCGO_INFLATE_LONGEST + 2] = {0};
	int32_t space = inflate_count(code, lengths, n);

	for (int length = 1; length <= RCGO_INFLATE_LONGEST; length++) {
		next[length + 1] = (next[length] + code->count[length]) << 1;
		place[length + 1] = (uint16_t)(place[length] + code->count[length]);
	}
	// A block with one distance, or none, may leave its code unfinished.
	if (space < 0 || (space > 0 && place[RCGO_INFLATE_LONGEST + 1] > 1)) {
		return false;
	}
	memset(code->fast, 0, sizeof code->fast);
	for (size_t symbol = 0; symbol < n; symbol++) {
		uint32_t length = lengths[symbol];

		if (length == 0) {
			continue;
		}
		code->sorted[place[length]++] = (uint16_t)symbol;
		if (length <= RCGO_INFLATE_FAST) {
			uint32_t at = inflate_reversed(next[length], length);

			for (; at < 1u << RCGO_INFLATE_FAST; at += 1u << length) {
				code->fast[at] = (uint16_t)(symbol << 4 | length);
			}
		}
		next[length]++;
	}
	return true;
}

uint32_t
rcgo__inflate_code_slow(const struct rcgo_inflate_code *code, uint64_t bits)
{
	uint32_t value = 0; // the bits so far, the first one highest
	uint32_t first = 0; // the first code of this length
	uint32_t index = 0; // and its place in sorted

	for (uint32_t length = 1; length <= RCGO_INFLATE_LONGEST; length++) {
		uint32_t count = code->count[length];

		value |= bits & 1;
		bits >>= 1;
		if (value - first < count) {
			return (uint32_t)code->sorted[index + (value - first)] << 4 | length;
		}
		index += count;
		first = (first + count) << 1;
		value <<= 1;
	}
	return 0;
}

bool
rcgo__inflate_fixed_codes(struct rcgo_inflate *s)
{
	memset(s->lengths, 8, 144);
	memset(s->lengths + 144, 9, 256 - 144);
	memset(s->lengths + 256, 7, 280 - 256);
	memset(s->lengths + 280, 8, 288 - 280);
	if (!inflate_code_make(&s->literals, s->lengths, 288)) {
		return false;
	}
	memset(s->lengths, 5, 32);
	return inflate_code_make(&s->distances, s->lengths, 32);
}

// Reads the lengths of n codes, which are themselves coded, by s->literals.
static bool
inflate_read_lengths(struct rcgo_inflate *s, size_t n)
{
	for (size_t at = 0; at < n;) {
		uint32_t which;
		size_t times = 1;
		uint8_t value = 0;

		inflate_refill(s);
		which = inflate_symbol(s, &s->literals);
		if (which < 16) {
			value = (uint8_t)which;
		} else if (which == 16) {
			value = at > 0 ? s->lengths[at - 1] : UINT8_MAX;
			times = 3 + inflate_take(s, 2);
		} else if (which == 17) {
			times = 3 + inflate_take(s, 3);
		} else if (which == 18) {
			times = 11 + inflate_take(s, 7);
		} else {
			return false;
		}
		if (value == UINT8_MAX || times > n - at || inflate_overrun(s)) {
			return false;
		}
		memset(s->lengths + at, value, times);
		at += times;
	}
	return true;
}

bool
rcgo__inflate_dynamic_codes(struct rcgo_inflate *s)
{
	static const uint8_t order[] = {
		16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	size_t literals, distances, lengths;

	inflate_refill(s);
	literals = 257 + inflate_take(s, 5);
	distances = 1 + inflate_take(s, 5);
	lengths = 4 + inflate_take(s, 4);
	if (literals > RCGO_INFLATE_SYMBOLS - 2 || distances > 30) {
		return false;
	}
	memset(s->lengths, 0, sizeof order);
	for (size_t i = 0; i < lengths; i++) {
		inflate_refill(s);
		s->lengths[order[i]] = (uint8_t)inflate_take(s, 3);
	}
	if (!inflate_code_make(&s->literals, s->lengths, sizeof order) ||
		!inflate_read_lengths(s, literals + distances) || s->lengths[256] == 0) {
		return false;
	}
	return inflate_code_make(&s->distances, s->lengths + literals, distances) &&
	       inflate_code_make(&s->literals, s->lengths, literals);
}
