// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of Zstandard frames (RFC 8878), as linkers compress debug
// sections with -gz=zstd.
#ifndef RCGO_ZSTD_H
#define RCGO_ZSTD_H

#include <stddef.h>
#include <stdint.h>

#include "rcgo_arena.h"
#include "rcgo_bytes.h"

// Decompresses in, one frame or several, to out, which has room for cap bytes. Returns how many
// bytes were written, or -EBADMSG when a frame is broken, cut short or fails its checksum,
// -ENOTSUP when it needs a dictionary, -ENOSPC when more than cap bytes come out, -ENOMEM when the
// arena lacks the 160 KiB for tables and literals, which are given back.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__zstd(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

#endif // RCGO_ZSTD_H
