// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: a range of bytes whose content nobody vouches for, and how to read it.
// Every read of a file's content goes through a range, so that a broken file cannot lead outside.
#ifndef RCGO_BYTE_RANGE_H
#define RCGO_BYTE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compat.h"
#include "file_window.h"

// Empty is size 0; at may then be NULL. The bytes of a file have a window: those that a slice of
// them names are not there before rcgo__bytes_load.
struct rcgo_bytes {
	const uint8_t *at;
	size_t size;
	struct rcgo_file_window *window; // NULL for bytes in memory
};

// Makes sure that all bytes of b are there.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_load(struct rcgo_bytes b)
{
	if (b.window != NULL) {
		rcgo__file_window_load(b.window, b.at, b.size);
	}
	return b;
}

// The size bytes from offset on; empty when they are not all there.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_slice(struct rcgo_bytes b, uint64_t offset, uint64_t size)
{
	if (size == 0 || offset > b.size || size > b.size - offset) {
		return (struct rcgo_bytes){0};
	}
	return (struct rcgo_bytes){.at = b.at + offset, .size = (size_t)size, .window = b.window};
}

// The same, and they are there.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_read(struct rcgo_bytes b, uint64_t offset, uint64_t size)
{
	return rcgo__bytes_load(rcgo__bytes_slice(b, offset, size));
}

// All bytes from offset on; empty when offset is beyond the end.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_from(struct rcgo_bytes b, uint64_t offset)
{
	if (offset >= b.size) {
		return (struct rcgo_bytes){0};
	}
	return (struct rcgo_bytes){
		.at = b.at + offset, .size = b.size - (size_t)offset, .window = b.window};
}

#define RCGO_STRING_MAX ((size_t)1 << 20)

// The string at offset, or NULL when it does not end inside of b, or is too long to be a name.
// *looked is how many bytes were looked at for its end.
static inline RCGO_UNUSED const char *
rcgo__bytes_string_scanned(struct rcgo_bytes b, uint64_t offset, size_t *looked)
{
	struct rcgo_bytes rest = rcgo__bytes_from(b, offset);
	size_t size = rest.size < RCGO_STRING_MAX ? rest.size : RCGO_STRING_MAX;
	const uint8_t *from = rest.at, *end = NULL;

	while (end == NULL && size != 0) {
		const uint8_t *ready = rest.window == NULL ? from + size
							   : rcgo__file_window_more(rest.window,
								     from, from + size);

		end = memchr(from, 0, (size_t)(ready - from));
		size -= (size_t)(ready - from);
		from = ready;
	}
	*looked = (size_t)((end == NULL ? from : end) - rest.at);
	return end == NULL ? NULL : (const char *)rest.at;
}

static inline RCGO_UNUSED const char *
rcgo__bytes_string(struct rcgo_bytes b, uint64_t offset)
{
	size_t looked;

	return rcgo__bytes_string_scanned(b, offset, &looked);
}

static inline RCGO_UNUSED bool
rcgo__bytes_equal(struct rcgo_bytes a, struct rcgo_bytes b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(rcgo__bytes_load(a).at, rcgo__bytes_load(b).at, a.size) == 0);
}

// Words at any alignment. The caller has made sure that their bytes exist. big says that the
// most significant byte comes first.
static inline RCGO_UNUSED uint16_t
rcgo__get16(const uint8_t *at, bool big)
{
	uint16_t little = (uint16_t)(at[0] | at[1] << 8);

	return big ? __builtin_bswap16(little) : little;
}

static inline RCGO_UNUSED uint32_t
rcgo__get32(const uint8_t *at, bool big)
{
	uint32_t little = (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
			  (uint32_t)at[3] << 24;

	return big ? __builtin_bswap32(little) : little;
}

static inline RCGO_UNUSED uint64_t
rcgo__get64(const uint8_t *at, bool big)
{
	uint64_t little = rcgo__get32(at, false) | (uint64_t)rcgo__get32(at + 4, false) << 32;

	return big ? __builtin_bswap64(little) : little;
}

#endif // RCGO_BYTE_RANGE_H
