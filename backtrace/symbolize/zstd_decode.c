// SPDX-License-Identifier: BSD-3-Clause
// The decoder of Zstandard frames, blocks and sequences. Runs on any stack, also in signal
// handlers.
// Contract: RFC 8878, 3.1.

#include <errno.h>

#include "checksum.h"
#include "decompress.h"

#define ZSTD_MAGIC 0xfd2fb528u
#define ZSTD_SKIP_MAGIC 0x184d2a50u // and the fifteen numbers after it

struct zstd_header {
	size_t size;
	bool checksum;
};

// Reads a frame's header after its magic number. Returns 0, or -errno.
static int
zstd_frame_header(struct rcgo_bytes in, struct zstd_header *header)
{
	static const uint8_t dictionary_sizes[] = {0, 1, 2, 4};
	uint32_t flags = in.size != 0 ? in.at[0] : 8;
	bool single = (flags & 0x20) != 0;
	size_t at = single ? 1 : 2; // after the window descriptor
	struct rcgo_bytes dictionary = rcgo__bytes_slice(in, at, dictionary_sizes[flags & 3]);

	if ((flags & 8) != 0 || dictionary.size != dictionary_sizes[flags & 3]) {
		return -EBADMSG;
	}
	for (size_t i = 0; i < dictionary.size; i++) {
		if (dictionary.at[i] != 0) {
			return -ENOTSUP;
		}
	}
	// The content size field is not needed: decoding yields the size.
	at += dictionary.size + (flags >> 6 != 0 ? (size_t)1 << (flags >> 6) : single);
	header->size = at;
	header->checksum = (flags & 4) != 0;
	return at <= in.size ? 0 : -EBADMSG;
}

static int
zstd_compressed_block(struct rcgo_zstd *s, struct rcgo_bytes content)
{
	size_t n = rcgo__zstd_literals(s, content);

	return n != 0 ? rcgo__zstd_sequences(s, rcgo__bytes_from(content, n)) : -EBADMSG;
}

// Decodes one block and advances *in past it.
static int
zstd_block(struct rcgo_zstd *s, struct rcgo_bytes *in, bool *last)
{
	struct rcgo_bytes content;
	uint32_t header, kind;
	size_t size, stored;

	if (in->size < 3) {
		return -EBADMSG;
	}
	header = rcgo__get16(in->at, false) | (uint32_t)in->at[2] << 16;
	*last = (header & 1) != 0;
	kind = header >> 1 & 3;
	size = header >> 3;
	stored = kind == 1 ? 1 : size;
	content = rcgo__bytes_slice(*in, 3, stored);
	if (content.size != stored || kind == 3 || size > RCGO_ZSTD_BLOCK_MAX) {
		return -EBADMSG;
	}
	*in = rcgo__bytes_from(*in, 3 + stored);
	if (kind == 2) {
		return zstd_compressed_block(s, content);
	}
	if (size > s->cap - s->size) {
		return -ENOSPC;
	}
	if (kind == 1) {
		memset(s->out + s->size, content.at[0], size);
	} else if (size != 0) {
		memcpy(s->out + s->size, content.at, size);
	}
	s->size += size;
	return 0;
}

// Decodes a frame after its magic number and advances *in past it.
static int
zstd_frame(struct rcgo_zstd *s, struct rcgo_bytes *in)
{
	static const uint32_t first_offsets[] = {1, 4, 8};
	struct zstd_header header;
	bool last = false;
	int err = zstd_frame_header(*in, &header);

	if (err != 0) {
		return err;
	}
	*in = rcgo__bytes_from(*in, header.size);
	s->frame = s->size;
	memcpy(s->offsets, first_offsets, sizeof first_offsets);
	s->huffman.known = s->lengths.known = s->offset_codes.known = s->matches.known = false;
	while (!last) {
		err = zstd_block(s, in, &last);
		if (err != 0) {
			return err;
		}
	}
	if (header.checksum) {
		struct rcgo_bytes content = {.at = s->out + s->frame, .size = s->size - s->frame};

		if (in->size < 4 || rcgo__get32(in->at, false) != (uint32_t)rcgo__xxh64(content)) {
			return -EBADMSG;
		}
		*in = rcgo__bytes_from(*in, 4);
	}
	return 0;
}

// Decodes all frames. Returns 0, or -errno.
static int
zstd_frames(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	int err = in.size == 0 ? -EBADMSG : 0;

	while (err == 0 && in.size != 0) {
		uint32_t magic = in.size >= 4 ? rcgo__get32(in.at, false) : 0;

		in = rcgo__bytes_from(in, 4);
		if (magic == ZSTD_MAGIC) {
			err = zstd_frame(s, &in);
		} else if ((magic & ~15u) == ZSTD_SKIP_MAGIC && in.size >= 4) {
			size_t size = rcgo__get32(in.at, false);

			err = size <= in.size - 4 ? 0 : -EBADMSG;
			in = rcgo__bytes_from(in, 4 + size);
		} else {
			err = -EBADMSG;
		}
	}
	return err;
}

ptrdiff_t
rcgo__zstd(struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rcgo_zstd *s = rcgo__arena_alloc(scratch, sizeof *s);
	int err;

	if (s == NULL) {
		return -ENOMEM;
	}
	s->out = out;
	s->cap = cap;
	s->size = 0;
	err = zstd_frames(s, in);
	cap = s->size;
	rcgo__arena_release(scratch, mark);
	return err != 0 ? err : (ptrdiff_t)cap;
}

// The sequences of a block: each copies literals, then a match.
// Contract: RFC 8878, 3.1.1.3.2 to 3.1.1.5.

#define ZSTD_LENGTH_CODES 36
#define ZSTD_MATCH_CODES 53
#define ZSTD_OFFSET_CODES 32
#define ZSTD_OFFSET_LOG 8

// The base value of each code, and the number of extra bits.
static const uint32_t zstd_length_base[ZSTD_LENGTH_CODES] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096,
	8192, 16384, 32768, 65536};
static const uint8_t zstd_length_bits[ZSTD_LENGTH_CODES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const uint32_t zstd_match_base[ZSTD_MATCH_CODES] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 37, 39,
	41, 43, 47, 51, 59, 67, 83, 99, 131, 259, 515, 1027, 2051, 4099, 8195, 16387, 32771, 65539};
static const uint8_t zstd_match_bits[ZSTD_MATCH_CODES] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8,
	9, 10, 11, 12, 13, 14, 15, 16};

// The counts of the predefined tables.
static const int8_t zstd_length_counts[ZSTD_LENGTH_CODES] = {4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
	1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1};
static const int8_t zstd_match_counts[ZSTD_MATCH_CODES] = {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1,
	1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	1, -1, -1, -1, -1, -1, -1, -1};
static const int8_t zstd_place_counts[29] = {
	1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1};

// One of the three tables of a sequences section.
struct zstd_kind {
	const int8_t *counts;
	uint32_t count, log; // of the predefined table
	uint32_t codes, log_most;
};

static const struct zstd_kind zstd_kinds[] = {
	{zstd_length_counts, ZSTD_LENGTH_CODES, 6, ZSTD_LENGTH_CODES, RCGO_ZSTD_FSE_LOG},
	{zstd_place_counts, RCGO_COUNTOF(zstd_place_counts), 5, ZSTD_OFFSET_CODES, ZSTD_OFFSET_LOG},
	{zstd_match_counts, ZSTD_MATCH_CODES, 6, ZSTD_MATCH_CODES, RCGO_ZSTD_FSE_LOG},
};

// Builds a table in one of the four modes and advances *in past its description.
static bool
zstd_table(struct rcgo_zstd *s, struct rcgo_zstd_fse *fse, const struct zstd_kind *kind,
	uint32_t way, struct rcgo_bytes *in)
{
	size_t n;

	switch (way) {
	case 0:
		for (uint32_t i = 0; i < kind->count; i++) {
			s->counts[i] = kind->counts[i];
		}
		rcgo__zstd_fse_make(s, fse, kind->count, kind->log);
		return true;
	case 1:
		if (in->size == 0 || in->at[0] >= kind->codes) {
			return false;
		}
		rcgo__zstd_fse_single(fse, in->at[0]);
		*in = rcgo__bytes_from(*in, 1);
		return true;
	case 2:
		n = rcgo__zstd_fse_read(s, fse, *in, kind->codes, kind->log_most);
		*in = rcgo__bytes_from(*in, n);
		return n != 0;
	default:
		return fse->known;
	}
}

// Returns the offset for an offset value: a new one, or one of the last three.
static uint32_t
zstd_offset(struct rcgo_zstd *s, uint32_t value, bool no_literals)
{
	uint32_t offset, which;

	if (value > 3) {
		offset = value - 3;
		which = 2;
	} else {
		which = value - 1 + no_literals;
		offset = which < 3 ? s->offsets[which] : s->offsets[0] - 1;
		which = which < 3 ? which : 2;
	}
	for (; which > 0; which--) {
		s->offsets[which] = s->offsets[which - 1];
	}
	s->offsets[0] = offset;
	return offset;
}

// Copies length bytes to `to` from offset bytes back. Up to space bytes may be written.
static void
zstd_copy_match(uint8_t *to, size_t offset, size_t length, size_t space)
{
	const uint8_t *from = to - offset;

	if (offset >= 8 && space >= length + 8) {
		for (size_t i = 0; i < length; i += 8) {
			memcpy(to + i, from + i, 8);
		}
		return;
	}
	for (size_t i = 0; i < length; i++) {
		to[i] = from[i];
	}
}

// Copies literals, of which *used were consumed before, and a match to the output.
static int
zstd_execute(struct rcgo_zstd *s, size_t *used, size_t literals, size_t match, size_t offset)
{
	if (literals > s->literal_count - *used) {
		return -EBADMSG;
	}
	if (literals > s->cap - s->size || match > s->cap - s->size - literals) {
		return -ENOSPC;
	}
	if (literals != 0) {
		memcpy(s->out + s->size, s->literals + *used, literals);
	}
	*used += literals;
	s->size += literals;
	if (offset == 0 || offset > s->size - s->frame) {
		return -EBADMSG;
	}
	zstd_copy_match(s->out + s->size, offset, match, s->cap - s->size);
	s->size += match;
	return 0;
}

static uint32_t
zstd_next_state(struct rcgo_zstd_bits *bits, const struct rcgo_zstd_fse *fse, uint32_t state)
{
	return fse->at[state].base + zstd_bits_take(bits, fse->at[state].bits);
}

static int
zstd_run(struct rcgo_zstd *s, struct rcgo_zstd_bits *bits, uint32_t count, size_t *used)
{
	uint32_t length_state = zstd_bits_take(bits, s->lengths.log);
	uint32_t offset_state = zstd_bits_take(bits, s->offset_codes.log);
	uint32_t match_state = zstd_bits_take(bits, s->matches.log);

	for (; count > 0; count--) {
		uint32_t offset_code = s->offset_codes.at[offset_state].symbol;
		uint32_t match_code = s->matches.at[match_state].symbol;
		uint32_t length_code = s->lengths.at[length_state].symbol;
		uint32_t value, matched, literals;
		int err;

		zstd_bits_refill(bits);
		value = (1u << offset_code) + zstd_bits_take(bits, offset_code);
		zstd_bits_refill(bits);
		matched = zstd_match_base[match_code] +
			  zstd_bits_take(bits, zstd_match_bits[match_code]);
		literals = zstd_length_base[length_code] +
			   zstd_bits_take(bits, zstd_length_bits[length_code]);
		if (bits->left < 0) {
			return -EBADMSG;
		}
		err = zstd_execute(
			s, used, literals, matched, zstd_offset(s, value, literals == 0));
		if (err != 0) {
			return err;
		}
		if (count > 1) {
			zstd_bits_refill(bits);
			length_state = zstd_next_state(bits, &s->lengths, length_state);
			match_state = zstd_next_state(bits, &s->matches, match_state);
			offset_state = zstd_next_state(bits, &s->offset_codes, offset_state);
		}
	}
	return bits->left == 0 ? 0 : -EBADMSG;
}

// Reads the number of sequences and advances *in past it.
static bool
zstd_sequence_count(struct rcgo_bytes *in, uint32_t *count)
{
	size_t n = in->size == 0 || in->at[0] < 128 ? 1 : in->at[0] < 255 ? 2 : 3;

	if (in->size < n) {
		return false;
	}
	*count = n == 1	  ? in->at[0]
		 : n == 2 ? (in->at[0] - 128u) << 8 | in->at[1]
			  : rcgo__get16(in->at + 1, false) + 0x7f00u;
	*in = rcgo__bytes_from(*in, n);
	return true;
}

int
rcgo__zstd_sequences(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	struct rcgo_zstd_bits bits;
	uint32_t count, modes;
	size_t used = 0;
	int err = 0;

	if (!zstd_sequence_count(&in, &count)) {
		return -EBADMSG;
	}
	if (count != 0) {
		if (in.size == 0 || (in.at[0] & 3) != 0) {
			return -EBADMSG;
		}
		modes = in.at[0];
		in = rcgo__bytes_from(in, 1);
		if (!zstd_table(s, &s->lengths, &zstd_kinds[0], modes >> 6, &in) ||
			!zstd_table(s, &s->offset_codes, &zstd_kinds[1], modes >> 4 & 3, &in) ||
			!zstd_table(s, &s->matches, &zstd_kinds[2], modes >> 2 & 3, &in) ||
			!zstd_bits_start(&bits, in)) {
			return -EBADMSG;
		}
		err = zstd_run(s, &bits, count, &used);
	} else if (in.size != 0) {
		return -EBADMSG;
	}
	if (err != 0) {
		return err;
	}
	if (s->literal_count - used > s->cap - s->size) {
		return -ENOSPC;
	}
	memcpy(s->out + s->size, s->literals + used, s->literal_count - used);
	s->size += s->literal_count - used;
	return 0;
}
