// SPDX-License-Identifier: BSD-3-Clause
// The decoder of .xz files: LZMA, LZMA2 and the container. Runs on any stack, also in signal
// handlers.
// Contract: the LZMA specification of the LZMA SDK, and the xz file format 1.1.

#include <errno.h>

#include "checksum.h"
#include "decompress.h"

#define LZMA_BITS 11	      // bits of a probability
#define LZMA_MOVE 5	      // adaptation rate
#define LZMA_LITERAL_STATES 7 // states below this one follow a literal
#define LZMA_TOP (UINT32_C(1) << 24)

// Normalizes the range, so that another bit can be decoded.
static inline void
lzma_normalize(struct rcgo_lzma *s)
{
	if (s->range < LZMA_TOP) {
		uint32_t byte = 0;

		if (RCGO_LIKELY(s->next < s->in.size)) {
			byte = s->in.at[s->next++];
		} else {
			s->malformed = true;
		}
		s->range <<= 8;
		s->code = s->code << 8 | byte;
	}
}

static inline uint32_t
lzma_bit(struct rcgo_lzma *s, uint16_t *probs)
{
	uint32_t bound;

	lzma_normalize(s);
	bound = (s->range >> LZMA_BITS) * *probs;
	if (s->code < bound) {
		s->range = bound;
		*probs = (uint16_t)(*probs + (((1u << LZMA_BITS) - *probs) >> LZMA_MOVE));
		return 0;
	}
	s->range -= bound;
	s->code -= bound;
	*probs = (uint16_t)(*probs - (*probs >> LZMA_MOVE));
	return 1;
}

// Decodes n bits with fixed equal probabilities.
static uint32_t
lzma_direct_bits(struct rcgo_lzma *s, uint32_t n)
{
	uint32_t value = 0;

	for (; n > 0; n--) {
		uint32_t bit;

		lzma_normalize(s);
		s->range >>= 1;
		bit = s->code >= s->range;
		s->code -= bit != 0 ? s->range : 0;
		value = value << 1 | bit;
	}
	return value;
}

// Decodes n bits, first bit highest. The probability of each bit depends on the bits before it.
static inline uint32_t
lzma_tree(struct rcgo_lzma *s, uint16_t *probs, uint32_t n)
{
	uint32_t at = 1;

	for (uint32_t i = 0; i < n; i++) {
		at = at << 1 | lzma_bit(s, probs + at);
	}
	return at - (1u << n);
}

// Decodes n bits as lzma_tree does, first bit lowest.
static uint32_t
lzma_tree_reversed(struct rcgo_lzma *s, uint16_t *probs, uint32_t n)
{
	uint32_t at = 1, value = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t bit = lzma_bit(s, probs + at);

		at = at << 1 | bit;
		value |= bit << i;
	}
	return value;
}

static uint32_t
lzma_length(struct rcgo_lzma *s, struct rcgo_lzma_length *probs, uint32_t pos_state)
{
	if (lzma_bit(s, &probs->choice[0]) == 0) {
		return 2 + lzma_tree(s, probs->low[pos_state], 3);
	}
	if (lzma_bit(s, &probs->choice[1]) == 0) {
		return 10 + lzma_tree(s, probs->middle[pos_state], 3);
	}
	return 18 + lzma_tree(s, probs->high, 8);
}

// Decodes the distance of a match of this length, minus 1.
static uint32_t
lzma_distance(struct rcgo_lzma *s, uint32_t length)
{
	uint32_t slot = lzma_tree(s, s->probs.slot[length < 5 ? length - 2 : 3], 6);
	uint32_t bits = (slot >> 1) - 1;
	uint32_t high;

	if (slot < 4) {
		return slot;
	}
	high = (2 | (slot & 1)) << bits;
	if (slot < 14) {
		return high + lzma_tree_reversed(s, s->probs.middle + high - slot, bits);
	}
	high += lzma_direct_bits(s, bits - 4) << 4;
	return high + lzma_tree_reversed(s, s->probs.align, 4);
}

static void
lzma_literal(struct rcgo_lzma *s)
{
	size_t position = s->size - s->dictionary;
	uint32_t before = position > 0 ? s->out[s->size - 1] : 0;
	uint32_t context = ((uint32_t)position & s->literal_pos_mask) << s->literal_bits |
			   before >> (8 - s->literal_bits);
	uint16_t *probs = s->probs.literal + 0x300 * context;
	uint32_t at = 1;

	if (s->state >= LZMA_LITERAL_STATES) {
		// After a match, the byte at the last distance is a context as long as the decoded
		// bits agree with it.
		uint32_t match_byte =
			s->distances[0] < position ? s->out[s->size - s->distances[0] - 1] : 0;
		uint32_t agree = 0x100;

		while (at < 0x100) {
			uint32_t bit;

			match_byte <<= 1;
			bit = lzma_bit(s, probs + agree + (match_byte & agree) + at);
			at = at << 1 | bit;
			agree &= bit != 0 ? match_byte : ~match_byte;
		}
	}
	while (at < 0x100) {
		at = at << 1 | lzma_bit(s, probs + at);
	}
	s->out[s->size++] = (uint8_t)at;
	s->state = s->state < 4 ? 0 : s->state < 10 ? s->state - 3 : s->state - 6;
}

// Copies a match. A match that starts before the dictionary or exceeds the chunk's end is invalid.
static void
lzma_copy(struct rcgo_lzma *s, uint32_t length)
{
	size_t distance = (size_t)s->distances[0] + 1;

	if (distance > s->size - s->dictionary || length > s->end - s->size) {
		s->malformed = true;
		return;
	}
	for (; length > 0; length--, s->size++) {
		s->out[s->size] = s->out[s->size - distance];
	}
}

// Moves one of the last distances to the front.
static void
lzma_move_to_front(struct rcgo_lzma *s, uint32_t which)
{
	uint32_t distance = s->distances[which];

	for (; which > 0; which--) {
		s->distances[which] = s->distances[which - 1];
	}
	s->distances[0] = distance;
}

// Decodes a match at one of the last distances.
static void
lzma_rep_match(struct rcgo_lzma *s, uint32_t pos_state)
{
	struct rcgo_lzma_odds *probs = &s->probs;
	bool after_literal = s->state < LZMA_LITERAL_STATES;

	if (lzma_bit(s, &probs->is_rep_g0[s->state]) == 0) {
		if (lzma_bit(s, &probs->is_rep0_long[s->state][pos_state]) == 0) {
			s->state = after_literal ? 9 : 11;
			lzma_copy(s, 1);
			return;
		}
	} else if (lzma_bit(s, &probs->is_rep_g1[s->state]) == 0) {
		lzma_move_to_front(s, 1);
	} else {
		lzma_move_to_front(s, 2 + lzma_bit(s, &probs->is_rep_g2[s->state]));
	}
	s->state = after_literal ? 8 : 11;
	lzma_copy(s, lzma_length(s, &probs->rep_length, pos_state));
}

bool
rcgo__lzma_chunk(struct rcgo_lzma *s)
{
	while (s->size < s->end && !s->malformed) {
		uint32_t pos_state = (uint32_t)(s->size - s->dictionary) & s->pos_mask;

		if (lzma_bit(s, &s->probs.match[s->state][pos_state]) == 0) {
			lzma_literal(s);
		} else if (lzma_bit(s, &s->probs.is_rep[s->state]) != 0) {
			lzma_rep_match(s, pos_state);
		} else {
			uint32_t length = lzma_length(s, &s->probs.match_length, pos_state);

			lzma_move_to_front(s, 3);
			s->distances[0] = lzma_distance(s, length);
			s->state = s->state < LZMA_LITERAL_STATES ? 7 : 10;
			lzma_copy(s, length);
		}
	}
	lzma_normalize(s);
	return !s->malformed && s->next == s->in.size && s->code == 0;
}

// The chunks of LZMA2.
// Contract: the xz file format 1.1, 5.3.1, and the description of LZMA2 there.

#define LZMA2_RANGE_START 5 // bytes that initialize the range decoder

// How much of the decoder's state a chunk resets.
enum lzma2_reset { LZMA2_KEEP, LZMA2_STATE, LZMA2_PROPERTIES, LZMA2_DICTIONARY };

static void
lzma2_reset_state(struct rcgo_lzma *s)
{
	uint16_t *probs = (uint16_t *)&s->probs;

	for (size_t i = 0; i < sizeof s->probs / sizeof *probs; i++) {
		probs[i] = RCGO_LZMA_HALF;
	}
	memset(s->distances, 0, sizeof s->distances);
	s->state = 0;
}

// Decodes the properties byte (pb * 5 + lp) * 9 + lc.
static bool
lzma2_properties(struct rcgo_lzma *s, uint32_t byte)
{
	uint32_t literal_bits = byte % 9;
	uint32_t literal_pos_bits = byte / 9 % 5;

	if (byte >= 9 * 5 * 5 || literal_bits + literal_pos_bits > 4) {
		return false;
	}
	s->literal_bits = literal_bits;
	s->literal_pos_mask = (1u << literal_pos_bits) - 1;
	s->pos_mask = (1u << byte / 45) - 1;
	return true;
}

// The state of an LZMA2 stream, and what has been initialized so far. A chunk must not rely on
// anything else.
struct lzma2 {
	struct rcgo_bytes in;
	size_t next;
	size_t cap;
	bool have_dictionary, have_properties, have_state;
};

// Consumes size bytes of the stream. Returns an empty range if they do not exist.
static struct rcgo_bytes
lzma2_take(struct lzma2 *c, size_t size)
{
	struct rcgo_bytes b = rcgo__bytes_slice(c->in, c->next, size);

	c->next += b.size;
	return b;
}

static int
lzma2_stored(struct lzma2 *c, struct rcgo_lzma *s, uint32_t control)
{
	struct rcgo_bytes header = lzma2_take(c, 2);
	struct rcgo_bytes content;

	if (control > 2 || header.size == 0) {
		return -EBADMSG;
	}
	if (control == 1) {
		s->dictionary = s->size;
		c->have_dictionary = true;
	}
	content = lzma2_take(c, (size_t)rcgo__get16(header.at, true) + 1);
	if (content.size == 0 || !c->have_dictionary) {
		return -EBADMSG;
	}
	if (content.size > c->cap - s->size) {
		return -ENOSPC;
	}
	memcpy(s->out + s->size, content.at, content.size);
	s->size += content.size;
	return 0;
}

// Performs the reset that a chunk requires. Returns whether everything is initialized then.
static bool
lzma2_begin(struct lzma2 *c, struct rcgo_lzma *s, enum lzma2_reset reset)
{
	if (reset == LZMA2_DICTIONARY) {
		s->dictionary = s->size;
		c->have_dictionary = true;
	}
	if (reset >= LZMA2_PROPERTIES) {
		struct rcgo_bytes byte = lzma2_take(c, 1);

		c->have_properties = byte.size != 0 && lzma2_properties(s, *byte.at);
		c->have_state = false;
	}
	if (reset >= LZMA2_STATE && c->have_properties) {
		lzma2_reset_state(s);
		c->have_state = true;
	}
	return c->have_dictionary && c->have_properties && c->have_state;
}

static int
lzma2_packed(struct lzma2 *c, struct rcgo_lzma *s, uint32_t control)
{
	struct rcgo_bytes header = lzma2_take(c, 4);
	size_t size, packed;

	if (header.size == 0) {
		return -EBADMSG;
	}
	size = ((size_t)(control & 0x1f) << 16 | rcgo__get16(header.at, true)) + 1;
	packed = (size_t)rcgo__get16(header.at + 2, true) + 1;
	if (!lzma2_begin(c, s, control >> 5 & 3)) {
		return -EBADMSG;
	}
	s->in = lzma2_take(c, packed);
	if (s->in.size < LZMA2_RANGE_START || s->in.at[0] != 0) {
		return -EBADMSG;
	}
	if (size > c->cap - s->size) {
		return -ENOSPC;
	}
	s->end = s->size + size;
	s->range = UINT32_MAX;
	s->code = rcgo__get32(s->in.at + 1, true);
	s->next = LZMA2_RANGE_START;
	s->malformed = false;
	return rcgo__lzma_chunk(s) ? 0 : -EBADMSG;
}

ptrdiff_t
rcgo__lzma2(
	struct rcgo_bytes in, size_t *used, uint8_t *out, size_t cap, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rcgo_lzma *s = rcgo__arena_alloc(scratch, sizeof *s);
	struct lzma2 c = {.in = in, .cap = cap};
	ptrdiff_t result = 0;

	if (s == NULL) {
		return -ENOMEM;
	}
	s->out = out;
	s->size = s->dictionary = 0;
	while (result == 0) {
		struct rcgo_bytes control = lzma2_take(&c, 1);

		if (control.size == 0) {
			result = -EBADMSG;
		} else if (*control.at == 0) {
			break;
		} else if (*control.at < 0x80) {
			result = lzma2_stored(&c, s, *control.at);
		} else {
			result = lzma2_packed(&c, s, *control.at);
		}
	}
	*used = c.next;
	cap = s->size;
	rcgo__arena_release(scratch, mark);
	return result != 0 ? result : (ptrdiff_t)cap;
}

// The container of .xz files.
// Contract: the xz file format 1.1.

#define XZ_HEADER 12 // the footer has the same size
#define XZ_FILTER_LZMA2 0x21

// The kinds of check that this decoder verifies.
#define XZ_CHECK_CRC32 1
#define XZ_CHECK_CRC64 4

// Reads a number of seven bits per byte, lowest first. Returns false if it is malformed.
static bool
xz_number(struct rcgo_bytes in, size_t *at, uint64_t *value)
{
	*value = 0;
	for (uint32_t shift = 0; shift < 63 && *at < in.size; shift += 7) {
		uint8_t byte = in.at[(*at)++];

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

// Returns whether a part of a file ends with its own CRC-32.
static bool
xz_crc_matches(struct rcgo_bytes part)
{
	return part.size > 4 && rcgo__crc32(rcgo__bytes_slice(part, 0, part.size - 4)) ==
					rcgo__get32(part.at + part.size - 4, false);
}

// Returns the index, which lists the blocks; empty if the end of the file is malformed. Zero
// padding may follow the file.
static struct rcgo_bytes
xz_index(struct rcgo_bytes in)
{
	const uint8_t *footer;
	uint64_t size;

	while (in.size >= 4 && rcgo__get32(in.at + in.size - 4, false) == 0) {
		in.size -= 4;
	}
	if (in.size < 2 * XZ_HEADER) {
		return (struct rcgo_bytes){0};
	}
	footer = in.at + in.size - XZ_HEADER;
	size = ((uint64_t)rcgo__get32(footer + 4, false) + 1) * 4;
	if (memcmp(footer + 10, "YZ", 2) != 0 || size > in.size - 2 * XZ_HEADER ||
		rcgo__crc32((struct rcgo_bytes){.at = footer + 4, .size = 6}) !=
			rcgo__get32(footer, false)) {
		return (struct rcgo_bytes){0};
	}
	in = rcgo__bytes_slice(in, in.size - XZ_HEADER - size, size);
	return xz_crc_matches(in) && in.at[0] == 0 ? in : (struct rcgo_bytes){0};
}

ptrdiff_t
rcgo__xz_size(struct rcgo_bytes in)
{
	struct rcgo_bytes index = xz_index(in);
	uint64_t blocks, unpadded, size, sum = 0;
	size_t at = 1;

	if (index.size == 0 || !xz_number(index, &at, &blocks)) {
		return -EBADMSG;
	}
	for (; blocks > 0; blocks--) {
		if (!xz_number(index, &at, &unpadded) || !xz_number(index, &at, &size) ||
			size > PTRDIFF_MAX - sum) {
			return -EBADMSG;
		}
		sum += size;
	}
	return (ptrdiff_t)sum;
}

// Reads a block's header. Returns 0, or -errno.
static int
xz_block_header(struct rcgo_bytes header)
{
	uint64_t number;
	uint32_t flags;
	size_t at = 2;

	if (!xz_crc_matches(header)) {
		return -EBADMSG;
	}
	flags = header.at[1];
	header.size -= 4;
	if ((flags & 0x3c) != 0 || (flags & 3) != 0) {
		return -ENOTSUP;
	}
	// The optional sizes are not needed: the data implies them.
	if (((flags & 0x40) != 0 && !xz_number(header, &at, &number)) ||
		((flags & 0x80) != 0 && !xz_number(header, &at, &number)) ||
		!xz_number(header, &at, &number)) {
		return -EBADMSG;
	}
	return number == XZ_FILTER_LZMA2 ? 0 : -ENOTSUP;
}

static bool
xz_check_matches(struct rcgo_bytes check, uint32_t kind, struct rcgo_bytes content)
{
	switch (kind) {
	case XZ_CHECK_CRC32:
		return rcgo__get32(check.at, false) == rcgo__crc32(content);
	case XZ_CHECK_CRC64:
		return rcgo__get64(check.at, false) == rcgo__crc64(content);
	default:
		return true;
	}
}

// Decompresses the block at *at and advances *at past it. Returns as rcgo__xz does.
static ptrdiff_t
xz_block(struct rcgo_bytes in, size_t *at, uint32_t kind, uint8_t *out, size_t cap,
	struct rcgo_arena *scratch)
{
	static const uint8_t check_sizes[] = {
		0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64};
	size_t header_size = ((size_t)in.at[*at] + 1) * 4;
	struct rcgo_bytes check;
	ptrdiff_t n = xz_block_header(rcgo__bytes_slice(in, *at, header_size));
	size_t used;

	if (n != 0) {
		return n;
	}
	*at += header_size;
	n = rcgo__lzma2(rcgo__bytes_from(in, *at), &used, out, cap, scratch);
	if (n < 0) {
		return n;
	}
	*at += (used + 3) / 4 * 4;
	check = rcgo__bytes_slice(in, *at, check_sizes[kind]);
	if (check.size != check_sizes[kind] ||
		!xz_check_matches(check, kind, (struct rcgo_bytes){.at = out, .size = (size_t)n})) {
		return -EBADMSG;
	}
	*at += check.size;
	return n;
}

ptrdiff_t
rcgo__xz(struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch)
{
	size_t at = XZ_HEADER, size = 0;

	if (in.size < XZ_HEADER || memcmp(in.at, "\xfd\x37zXZ", 6) != 0 || in.at[6] != 0 ||
		in.at[7] > 15 ||
		rcgo__crc32(rcgo__bytes_slice(in, 6, 2)) != rcgo__get32(in.at + 8, false)) {
		return -EBADMSG;
	}
	// A 0 byte starts the index instead of a block.
	while (at < in.size && in.at[at] != 0) {
		ptrdiff_t n = xz_block(in, &at, in.at[7], out + size, cap - size, scratch);

		if (n < 0) {
			return n;
		}
		size += (size_t)n;
	}
	return at < in.size ? (ptrdiff_t)size : -EBADMSG;
}
