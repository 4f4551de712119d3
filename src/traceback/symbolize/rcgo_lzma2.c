// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the chunks of LZMA2. Runs on any stack, in signal handlers too.
// Contract: the xz file format 1.1, 5.3.1, and the description of LZMA2 there.

#include "rcgo_lzma.h"

#include <errno.h>

#define LZMA2_RANGE_START 5 // bytes that start the range decoder

// How much of the decoder's state a chunk begins anew.
enum lzma2_reset { LZMA2_KEEP, LZMA2_STATE, LZMA2_PROPERTIES, LZMA2_DICTIONARY };

static void
lzma2_reset_state(struct rcgo_lzma *s)
{
	uint16_t *odds = (uint16_t *)&s->odds;

	for (size_t i = 0; i < sizeof s->odds / sizeof *odds; i++) {
		odds[i] = RCGO_LZMA_HALF;
	}
	memset(s->distances, 0, sizeof s->distances);
	s->state = 0;
}

// Takes the byte (pb * 5 + lp) * 9 + lc.
static bool
lzma2_properties(struct rcgo_lzma *s, uint32_t byte)
{
	uint32_t literal_bits = byte % 9;
	uint32_t literal_places = byte / 9 % 5;

	if (byte >= 9 * 5 * 5 || literal_bits + literal_places > 4) {
		return false;
	}
	s->literal_bits = literal_bits;
	s->literal_place_mask = (1u << literal_places) - 1;
	s->place_mask = (1u << byte / 45) - 1;
	return true;
}

// What has been set up so far; a chunk may not rely on what was not.
struct lzma2 {
	struct rcgo_bytes in;
	size_t next;
	size_t cap;
	bool have_dictionary, have_properties, have_state;
};

// Gives size bytes of the stream; empty when they are not there.
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

// Does what a chunk says must begin anew. Returns whether all is set up then.
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
	s->broken = false;
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
