// SPDX-License-Identifier: BSD-3-Clause
// checksum.h: the checksums of compressed data and of debug files.
#ifndef RCGO_CHECKSUM_H
#define RCGO_CHECKSUM_H

#include <stdint.h>

#include "byte_range.h"

// CRC-32 (ISO 3309), as in .gnu_debuglink and xz.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__crc32(struct rcgo_bytes b);

// Continues a CRC-32: returns the checksum of data whose checksum is before, followed by b. For no
// data, before is 0.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__crc32_more(uint32_t before, struct rcgo_bytes b);

// CRC-64 (ECMA 182, reflected), as in xz.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__crc64(struct rcgo_bytes b);

// Adler-32, as in zlib.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__adler32(struct rcgo_bytes b);

// XXH64 with seed 0. Zstandard stores its low 32 bits.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__xxh64(struct rcgo_bytes b);

#endif // RCGO_CHECKSUM_H
