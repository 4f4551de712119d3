// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of .xz files, which MiniDebugInfo (.gnu_debugdata) is.
#ifndef RCGO_XZ_H
#define RCGO_XZ_H

#include <stddef.h>
#include <stdint.h>

#include "rcgo_arena.h"
#include "rcgo_bytes.h"

// How many bytes come out, by the index at the end of the stream. Returns that, or -EBADMSG.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz_size(struct rcgo_bytes in);

// Decompresses in, one stream with LZMA2 as its only filter, to out, which has room for cap bytes.
// Returns how many bytes were written, or -EBADMSG when the stream is broken, cut short or fails
// its check (CRC-32 and CRC-64; SHA-256 is not compared), -ENOTSUP for other filters, -ENOSPC when
// more than cap bytes come out, -ENOMEM when the arena lacks the 32 KiB for the tables, which are
// given back.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

#endif // RCGO_XZ_H
