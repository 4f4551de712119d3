// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of deflate streams (RFC 1951), bare or as zlib wraps them
// (RFC 1950). Go's linker compresses DWARF so by default.
#ifndef RCGO_INFLATE_H
#define RCGO_INFLATE_H

#include <stddef.h>
#include <stdint.h>

#include "rcgo_arena.h"
#include "rcgo_bytes.h"

enum rcgo_inflate_format {
	RCGO_INFLATE_RAW,
	RCGO_INFLATE_ZLIB, // with header and Adler-32, which are checked
};

// Decompresses in to out, which has room for cap bytes. Returns how many bytes were written, or
// -EBADMSG when the stream is broken or cut short, -ENOSPC when more than cap bytes come out,
// -ENOMEM when the arena lacks the 8 KiB for tables, which are given back. Bytes behind the stream
// are ignored; out is written to in any case.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__inflate(struct rcgo_bytes in, uint8_t *out, size_t cap,
	enum rcgo_inflate_format format, struct rcgo_arena *scratch);

#endif // RCGO_INFLATE_H
