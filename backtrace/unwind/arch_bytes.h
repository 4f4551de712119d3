// SPDX-License-Identifier: BSD-3-Clause
// What the files for all processors do with bytes of code.
#ifndef RCGO_ARCH_BYTES_H
#define RCGO_ARCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "safe_read.h"

// Whether the processor whose stacks are read stores the most significant byte first.
#if !defined(RCGO_UNWIND_AMD64) && !defined(RCGO_UNWIND_ARM64) && \
	__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#	define RCGO_BIG_ENDIAN 1
#else
#	define RCGO_BIG_ENDIAN 0
#endif

// Returns the number of size bytes at p, at most 8, in that processor's byte order.
RCGO_UNINSTRUMENTED_READS static inline uint64_t
rcgo__arch_number(const uint8_t *p, size_t size)
{
	uint64_t n = 0;

	for (size_t i = 0; i < size; i++) {
		n |= (uint64_t)p[i] << (8 * (RCGO_BIG_ENDIAN ? size - 1 - i : i));
	}
	return n;
}

// Compares bytes. It does not call memcmp, because the first call of memcmp enters the dynamic
// linker, which uses 3 KB of stack.
static inline bool
rcgo__arch_same(const uint8_t *a, const uint8_t *b, size_t size)
{
	while (size > 0 && *a == *b) {
		a++;
		b++;
		size--;
	}
	return size == 0;
}

// Returns the 32 bits at p, of a little-endian processor.
static inline uint32_t
rcgo__arch_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif // RCGO_ARCH_BYTES_H
