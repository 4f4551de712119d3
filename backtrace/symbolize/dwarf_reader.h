// SPDX-License-Identifier: BSD-3-Clause
// dwarf_reader.h: a cursor over untrusted bytes. A read past the end returns 0, sets bad and leaves
// the cursor at the end, so a loop over it terminates.
#ifndef RCGO_DWARF_READER_H
#define RCGO_DWARF_READER_H

#include "byte_range.h"

// Only the functions in this header may change `at`. The bytes from `at` to ready are loaded, and
// `at` is never beyond ready.
struct rcgo_reader {
	const uint8_t *at, *end;
	const uint8_t *ready;		 // end of the loaded bytes
	struct rcgo_file_window *window; // NULL if all bytes are loaded
	bool big;			 // the most significant byte comes first
	bool bad;			 // a read went past the end
};

static inline struct rcgo_reader
rcgo__reader_make(struct rcgo_bytes b, bool big)
{
	static const uint8_t none[1];

	if (b.size == 0) {
		b.at = none; // it may be NULL
	}
	return (struct rcgo_reader){.at = b.at,
		.end = b.at + b.size,
		.ready = b.window != NULL ? b.at : b.at + b.size,
		.window = b.window,
		.big = big};
}

static inline size_t
rcgo__reader_left(const struct rcgo_reader *c)
{
	return (size_t)(c->end - c->at);
}

// Moves the cursor to a position between the current one and the end, or to a position after one
// that was current before.
static inline void
rcgo__reader_go(struct rcgo_reader *c, const uint8_t *to)
{
	if (to > c->ready || to < c->at) {
		c->ready = c->window != NULL ? to : c->end;
	}
	c->at = to;
}

static inline void
rcgo__reader_end(struct rcgo_reader *c)
{
	c->at = c->ready = c->end;
}

// Loads n bytes. Returns false if they do not exist; the cursor is then bad and at its end.
static RCGO_COLD RCGO_UNUSED bool
rcgo__reader_more(struct rcgo_reader *c, uint64_t n)
{
	if (n > rcgo__reader_left(c)) {
		rcgo__reader_end(c);
		c->bad = true;
		return false;
	}
	while (n > (size_t)(c->ready - c->at)) {
		c->ready = rcgo__file_window_more(c->window, c->ready, c->end);
	}
	return true;
}

// Returns whether n more bytes exist. If so, they are loaded at `at`.
static inline bool
rcgo__reader_has(struct rcgo_reader *c, uint64_t n)
{
	return RCGO_LIKELY(n <= (size_t)(c->ready - c->at)) || rcgo__reader_more(c, n);
}

static inline void
rcgo__reader_skip(struct rcgo_reader *c, uint64_t n)
{
	if (RCGO_UNLIKELY(n > rcgo__reader_left(c))) {
		rcgo__reader_end(c);
		c->bad = true;
	} else {
		rcgo__reader_go(c, c->at + n);
	}
}

// Reads a word of 1 to 8 bytes.
static inline uint64_t
rcgo__reader_word(struct rcgo_reader *c, unsigned size)
{
	const uint8_t *at = c->at;
	uint64_t value = 0;

	if (!rcgo__reader_has(c, size)) {
		return 0;
	}
	c->at += size;
	switch (size) {
	case 1:
		return at[0];
	case 2:
		return rcgo__get16(at, c->big);
	case 4:
		return rcgo__get32(at, c->big);
	case 8:
		return rcgo__get64(at, c->big);
	default:
		for (unsigned i = 0; i < size; i++) {
			value = value << 8 | at[c->big ? i : size - 1 - i];
		}
		return value;
	}
}

// Reads a LEB128 number. Bits beyond the 64th are dropped. A number that does not end is 0.
static inline uint64_t
rcgo__reader_leb(struct rcgo_reader *c, bool is_signed)
{
	uint64_t value = 0;
	unsigned shift = 0;

	while (rcgo__reader_has(c, 1)) {
		uint8_t byte = *c->at++;

		if (shift < 64) {
			value |= (uint64_t)(byte & 0x7f) << shift;
		}
		shift += 7;
		if ((byte & 0x80) == 0) {
			if (is_signed && (byte & 0x40) != 0 && shift < 64) {
				value |= ~(uint64_t)0 << shift;
			}
			return value;
		}
	}
	return 0;
}

static inline uint64_t
rcgo__reader_uleb(struct rcgo_reader *c)
{
	return rcgo__reader_leb(c, false);
}

static inline int64_t
rcgo__reader_sleb(struct rcgo_reader *c)
{
	return (int64_t)rcgo__reader_leb(c, true);
}

// Reads a 0-terminated string. Returns NULL if there is none.
static inline const char *
rcgo__reader_string(struct rcgo_reader *c)
{
	const uint8_t *from = c->at, *zero = NULL;

	for (size_t scanned = 0; zero == NULL && rcgo__reader_has(c, scanned + 1);) {
		zero = memchr(from + scanned, 0, (size_t)(c->ready - from) - scanned);
		scanned = (size_t)(c->ready - from);
	}
	if (zero == NULL) {
		return NULL; // and the cursor is bad
	}
	c->at = zero + 1;
	return (const char *)from;
}

// Returns the next n bytes as a separate cursor and skips them.
static inline struct rcgo_reader
rcgo__reader_part(struct rcgo_reader *c, uint64_t n)
{
	struct rcgo_reader part = *c;

	rcgo__reader_skip(c, n);
	if (c->bad) {
		rcgo__reader_end(&part);
		part.bad = true;
		return part;
	}
	part.end = c->at;
	part.ready = part.ready < part.end ? part.ready : part.end;
	return part;
}

// Reads the initial length of a unit. Sets the size of its offsets: 4 or 8 bytes.
static inline uint64_t
rcgo__reader_length(struct rcgo_reader *c, uint8_t *offset_size)
{
	uint64_t length = rcgo__reader_word(c, 4);

	*offset_size = 4;
	if (length == 0xffffffff) {
		*offset_size = 8;
		length = rcgo__reader_word(c, 8);
	} else if (length >= 0xfffffff0) {
		c->bad = true;
		return 0;
	}
	return length;
}

#endif // RCGO_DWARF_READER_H
