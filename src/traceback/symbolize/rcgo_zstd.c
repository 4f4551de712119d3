// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the frames and blocks of Zstandard. Runs on any stack, in signal handlers
// too. Contract: RFC 8878, 3.1.

#include "rcgo_zstd.h"

#include <errno.h>

#include "rcgo_crc.h"
#include "rcgo_zstd_state.h"

#define ZSTD_MAGIC 0xfd2fb528u
#define ZSTD_SKIP_MAGIC 0x184d2a50u // and the fifteen numbers behind it

struct zstd_header {
	size_t size;
	bool checksum;
};

// Reads a frame's header behind its magic number. Returns 0, or -errno.
static int
zstd_frame_header(struct rcgo_bytes in, struct zstd_header *header)
{
	static const uint8_t dictionary_sizes[] = {0, 1, 2, 4};
	uint32_t flags = in.size != 0 ? in.at[0] : 8;
	bool single = (flags & 0x20) != 0;
	size_t at = single ? 1 : 2; // behind the window's size
	struct rcgo_bytes dictionary = rcgo__bytes_slice(in, at, dictionary_sizes[flags & 3]);

	if ((flags & 8) != 0 || dictionary.size != dictionary_sizes[flags & 3]) {
		return -EBADMSG;
	}
	for (size_t i = 0; i < dictionary.size; i++) {
		if (dictionary.at[i] != 0) {
			return -ENOTSUP;
		}
	}
	// The size of the content, which shows by itself.
	at += dictionary.size + (flags >> 6 != 0 ? (size_t)1 << (flags >> 6) : single);
	header->size = at;
	header->checksum = (flags & 4) != 0;
	return at <= in.size ? 0 : -EBADMSG;
}

static int
zstd_packed_block(struct rcgo_zstd *s, struct rcgo_bytes content)
{
	size_t n = rcgo__zstd_literals(s, content);

	return n != 0 ? rcgo__zstd_sequences(s, rcgo__bytes_from(content, n)) : -EBADMSG;
}

// One block. *in moves behind it.
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
		return zstd_packed_block(s, content);
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

// A frame behind its magic number. *in moves behind it.
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
	s->huffman.known = s->lengths.known = s->places.known = s->matches.known = false;
	while (!last) {
		err = zstd_block(s, in, &last);
		if (err != 0) {
			return err;
		}
	}
	if (header.checksum) {
		struct rcgo_bytes content = {s->out + s->frame, s->size - s->frame};

		if (in->size < 4 || rcgo__get32(in->at, false) != (uint32_t)rcgo__xxh64(content)) {
			return -EBADMSG;
		}
		*in = rcgo__bytes_from(*in, 4);
	}
	return 0;
}

// All frames. Returns 0, or -errno.
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
