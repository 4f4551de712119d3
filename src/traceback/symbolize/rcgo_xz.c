// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the container of .xz files. Runs on any stack, in signal handlers too.
// Contract: the xz file format 1.1.

#include "rcgo_xz.h"

#include <errno.h>

#include "rcgo_crc.h"
#include "rcgo_lzma.h"

#define XZ_HEADER 12 // and the footer is as long
#define XZ_FILTER_LZMA2 0x21

// The kinds of check that are compared here.
#define XZ_CHECK_CRC32 1
#define XZ_CHECK_CRC64 4

// Reads a number of seven bits a byte, the lowest first. Returns false when there is none.
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

// Whether a part of a file ends with its own CRC-32.
static bool
xz_part_is_right(struct rcgo_bytes part)
{
	return part.size > 4 && rcgo__crc32(rcgo__bytes_slice(part, 0, part.size - 4)) ==
					rcgo__get32(part.at + part.size - 4, false);
}

// The index, which lists the blocks; empty when the file's end is broken. Padding of zeros may
// follow the file.
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
		rcgo__crc32((struct rcgo_bytes){footer + 4, 6}) != rcgo__get32(footer, false)) {
		return (struct rcgo_bytes){0};
	}
	in = rcgo__bytes_slice(in, in.size - XZ_HEADER - size, size);
	return xz_part_is_right(in) && in.at[0] == 0 ? in : (struct rcgo_bytes){0};
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

	if (!xz_part_is_right(header)) {
		return -EBADMSG;
	}
	flags = header.at[1];
	header.size -= 4;
	if ((flags & 0x3c) != 0 || (flags & 3) != 0) {
		return -ENOTSUP;
	}
	// The sizes may stand there; the data tells them too.
	if (((flags & 0x40) != 0 && !xz_number(header, &at, &number)) ||
		((flags & 0x80) != 0 && !xz_number(header, &at, &number)) ||
		!xz_number(header, &at, &number)) {
		return -EBADMSG;
	}
	return number == XZ_FILTER_LZMA2 ? 0 : -ENOTSUP;
}

static bool
xz_check_is_right(struct rcgo_bytes check, uint32_t kind, struct rcgo_bytes content)
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

// Decompresses the block at *at and moves *at behind it. Returns as rcgo__xz does.
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
		!xz_check_is_right(check, kind, (struct rcgo_bytes){out, (size_t)n})) {
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
	// A byte of 0 is not a block's but the index'.
	while (at < in.size && in.at[at] != 0) {
		ptrdiff_t n = xz_block(in, &at, in.at[7], out + size, cap - size, scratch);

		if (n < 0) {
			return n;
		}
		size += (size_t)n;
	}
	return at < in.size ? (ptrdiff_t)size : -EBADMSG;
}
