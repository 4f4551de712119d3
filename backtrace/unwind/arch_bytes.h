// SPDX-License-Identifier: BSD-3-Clause
// What the files for all processors do with bytes of code.
#ifndef RCGO_ARCH_BYTES_H
#define RCGO_ARCH_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
