// SPDX-License-Identifier: BSD-3-Clause
// The decoder of deflate and zlib streams, and its prefix codes. Runs on any stack, also in signal
// handlers.
// Contract: RFC 1951, 3.2.2 in particular, and RFC 1950.

#include <errno.h>
#include <string.h>

#include "checksum.h"
#include "decompress.h"

// Counts the codes of each length. Returns the unused part of the code space, in codes of the
// longest length. Returns a negative number if the lengths exceed the code space.
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

// Builds the table for n symbols with these code lengths; length 0 means that the symbol is unused.
// Returns whether the code is valid: not oversubscribed, and complete unless it has only one code.
static bool
inflate_code_make(struct rcgo_inflate_code *code, const uint8_t *lengths, size_t n)
{
	uint32_t next[RCGO_INFLATE_LONGEST + 2] = {0};
	uint16_t position[RCGO_INFLATE_LONGEST + 2] = {0};
	int32_t space = inflate_count(code, lengths, n);

	for (int length = 1; length <= RCGO_INFLATE_LONGEST; length++) {
		next[length + 1] = (next[length] + code->count[length]) << 1;
		position[length + 1] = (uint16_t)(position[length] + code->count[length]);
	}
	// A block with at most one distance code may have an incomplete code.
	if (space < 0 || (space > 0 && position[RCGO_INFLATE_LONGEST + 1] > 1)) {
		return false;
	}
	memset(code->fast, 0, sizeof code->fast);
	for (size_t symbol = 0; symbol < n; symbol++) {
		uint32_t length = lengths[symbol];

		if (length == 0) {
			continue;
		}
		code->sorted[position[length]++] = (uint16_t)symbol;
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
	uint32_t value = 0; // the bits so far, first bit highest
	uint32_t first = 0; // the first code of this length
	uint32_t index = 0; // and its index in sorted

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

// Reads n code lengths, which are themselves encoded with s->literals.
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

// The blocks of a deflate stream, and zlib's wrapper.

#define INFLATE_LONGEST_MATCH 258

// The number of extra bits of each length and distance symbol, and the base value.
static const uint8_t inflate_length_extra[] = {
	0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t inflate_length_base[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27,
	31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t inflate_distance_extra[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7,
	7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
static const uint16_t inflate_distance_base[] = {1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97,
	129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385,
	24577};

// Returns whole unused bytes of the bit buffer to the input, except those past its end. The caller
// has checked that no bit past the end was used.
static void
inflate_unread(struct rcgo_inflate *s)
{
	s->next -= (s->count >> 3) - s->missing;
	s->bits = s->count = s->missing = 0;
}

// Copies length bytes from distance bytes back. distance may be less than length.
static inline void
inflate_copy_match(uint8_t *to, size_t distance, size_t length, size_t space)
{
	const uint8_t *from = to - distance;

	if (distance >= 8 && space >= INFLATE_LONGEST_MATCH + 8) {
		for (size_t i = 0; i < length; i += 8) {
			memcpy(to + i, from + i, 8);
		}
		return;
	}
	for (size_t i = 0; i < length; i++) {
		to[i] = from[i];
	}
}

// Decodes and copies a match whose length symbol is given. Returns 0, or -errno.
static inline int
inflate_match(struct rcgo_inflate *s, uint32_t which)
{
	size_t length, distance;

	which -= 257;
	if (which >= RCGO_COUNTOF(inflate_length_base)) {
		return -EBADMSG;
	}
	length = (size_t)inflate_length_base[which] + inflate_take(s, inflate_length_extra[which]);
	inflate_refill(s);
	which = inflate_symbol(s, &s->distances);
	if (which >= RCGO_COUNTOF(inflate_distance_base)) {
		return -EBADMSG;
	}
	distance = (size_t)inflate_distance_base[which] +
		   inflate_take(s, inflate_distance_extra[which]);
	if (distance > s->size) {
		return -EBADMSG;
	}
	if (length > s->cap - s->size) {
		return -ENOSPC;
	}
	inflate_copy_match(s->out + s->size, distance, length, s->cap - s->size);
	s->size += length;
	return 0;
}

// Decodes the content of a block with the codes in s.
static int
inflate_coded_block(struct rcgo_inflate *s)
{
	for (;;) {
		uint32_t which;
		int err;

		// A literal takes at most 15 bits, a length 20.
		if (s->count < 20) {
			inflate_refill(s);
		}
		which = inflate_symbol(s, &s->literals);
		if (which < 256) {
			if (s->size == s->cap) {
				return inflate_overrun(s) ? -EBADMSG : -ENOSPC;
			}
			s->out[s->size++] = (uint8_t)which;
			continue;
		}
		if (inflate_overrun(s)) {
			return -EBADMSG;
		}
		if (which == 256) {
			return 0;
		}
		err = inflate_match(s, which);
		if (err != 0) {
			return err;
		}
	}
}

static int
inflate_stored_block(struct rcgo_inflate *s)
{
	struct rcgo_bytes header, content;
	uint32_t length;

	if (inflate_overrun(s)) {
		return -EBADMSG;
	}
	inflate_unread(s);
	header = rcgo__bytes_slice(s->in, s->next, 4);
	if (header.size == 0) {
		return -EBADMSG;
	}
	length = rcgo__get16(header.at, false);
	if ((length ^ rcgo__get16(header.at + 2, false)) != 0xffff) {
		return -EBADMSG;
	}
	s->next += 4;
	content = rcgo__bytes_slice(s->in, s->next, length);
	if (content.size != length) {
		return -EBADMSG;
	}
	if (length > s->cap - s->size) {
		return -ENOSPC;
	}
	if (length != 0) {
		memcpy(s->out + s->size, content.at, length);
	}
	s->next += length;
	s->size += length;
	return 0;
}

// Decodes all blocks. Returns 0, or -errno.
static int
inflate_blocks(struct rcgo_inflate *s)
{
	bool last = false;

	while (!last) {
		uint32_t kind;
		int err = -EBADMSG;

		inflate_refill(s);
		last = inflate_take(s, 1) != 0;
		kind = inflate_take(s, 2);
		if (kind == 0) {
			err = inflate_stored_block(s);
		} else if (kind == 1 ? rcgo__inflate_fixed_codes(s)
				     : kind == 2 && rcgo__inflate_dynamic_codes(s)) {
			err = inflate_coded_block(s);
		}
		if (err != 0) {
			return err;
		}
	}
	return inflate_overrun(s) ? -EBADMSG : 0;
}

// Decodes zlib's wrapper: a header of two bytes before the stream and a checksum after it.
static int
inflate_zlib(struct rcgo_inflate *s)
{
	struct rcgo_bytes sum;
	int err;

	if (s->in.size < 2 || (s->in.at[0] & 15) != 8 || (s->in.at[1] & 0x20) != 0 ||
		(s->in.at[0] << 8 | s->in.at[1]) % 31 != 0) {
		return -EBADMSG;
	}
	s->next = 2;
	err = inflate_blocks(s);
	if (err != 0) {
		return err;
	}
	inflate_unread(s);
	sum = rcgo__bytes_slice(s->in, s->next, 4);
	if (sum.size == 0 || rcgo__get32(sum.at, true) != rcgo__adler32((struct rcgo_bytes){
								  .at = s->out, .size = s->size})) {
		return -EBADMSG;
	}
	return 0;
}

ptrdiff_t
rcgo__inflate(struct rcgo_bytes in, uint8_t *out, size_t cap, enum rcgo_inflate_format format,
	struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rcgo_inflate *s = rcgo__arena_zalloc(scratch, sizeof *s);
	int err;

	if (s == NULL) {
		return -ENOMEM;
	}
	s->in = in;
	s->out = out;
	s->cap = cap;
	err = format == RCGO_INFLATE_ZLIB ? inflate_zlib(s) : inflate_blocks(s);
	cap = s->size;
	rcgo__arena_release(scratch, mark);
	return err != 0 ? err : (ptrdiff_t)cap;
}
