// SPDX-License-Identifier: BSD-3-Clause
// byte_range.h: a range of untrusted bytes, and functions to read it. Every read of file content
// goes through a range, so a malformed file cannot cause an access outside its bytes.
#ifndef RCGO_BYTE_RANGE_H
#define RCGO_BYTE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "compat.h"
#include "file_window.h"

// A range of size 0 is empty; its `at` may be NULL. The bytes of a file have a window: the bytes of
// a slice can be read only after rcgo__bytes_load.
struct rcgo_bytes {
	const uint8_t *at;
	size_t size;
	struct rcgo_file_window *window; // NULL for bytes in memory
};

// Loads all bytes of b through its window.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_load(struct rcgo_bytes b)
{
	if (b.window != NULL) {
		rcgo__file_window_load(b.window, b.at, b.size);
	}
	return b;
}

// Returns the size bytes that start at offset, or an empty range if b does not contain all of them.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_slice(struct rcgo_bytes b, uint64_t offset, uint64_t size)
{
	if (size == 0 || offset > b.size || size > b.size - offset) {
		return (struct rcgo_bytes){0};
	}
	return (struct rcgo_bytes){.at = b.at + offset, .size = (size_t)size, .window = b.window};
}

// Returns the size bytes that start at offset, already loaded, or an empty range.
static inline RCGO_UNUSED struct rcgo_bytes
rcgo__bytes_read(struct rcgo_bytes b, uint64_t offset, uint64_t size)
{
	return rcgo__bytes_load(rcgo__bytes_slice(b, offset, size));
}

// Returns all bytes from offset to the end, or an empty range if offset is not inside b.
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

// Returns the string at offset, or NULL if it does not end inside b or is longer than
// RCGO_STRING_MAX. *scanned is the number of bytes that were searched for its end.
static inline RCGO_UNUSED const char *
rcgo__bytes_string_scanned(struct rcgo_bytes b, uint64_t offset, size_t *scanned)
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
	*scanned = (size_t)((end == NULL ? from : end) - rest.at);
	return end == NULL ? NULL : (const char *)rest.at;
}

static inline RCGO_UNUSED const char *
rcgo__bytes_string(struct rcgo_bytes b, uint64_t offset)
{
	size_t scanned;

	return rcgo__bytes_string_scanned(b, offset, &scanned);
}

static inline RCGO_UNUSED bool
rcgo__bytes_equal(struct rcgo_bytes a, struct rcgo_bytes b)
{
	return a.size == b.size &&
	       (a.size == 0 || memcmp(rcgo__bytes_load(a).at, rcgo__bytes_load(b).at, a.size) == 0);
}

// Reads of unaligned words. The caller has checked that the bytes exist. big: the most significant
// byte comes first.
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
