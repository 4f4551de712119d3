// SPDX-License-Identifier: BSD-3-Clause
// The call instructions of amd64 and 386.
#ifndef RCGO_ARCH_X86_H
#define RCGO_ARCH_X86_H

#include <stdbool.h>
#include <stdint.h>

#include "arch_bytes.h"

#define RCGO_CALL_SIZE 7 // the longest call instruction

// Returns the length of the call with this ModRM (and SIB) byte, without prefixes; 0 if the
// instruction is not a call.
static inline unsigned
rcgo__arch_call_size(uint8_t modrm, uint8_t sib)
{
	unsigned mod = modrm >> 6;
	unsigned rm = modrm & 7;
	unsigned size = 2;

	if ((modrm & 0x38) != 0x10) {
		return 0;
	}
	if (mod != 3 && rm == 4) {
		size++;
		if (mod == 0 && (sib & 7) == 5) {
			size += 4;
		}
	}
	if (mod == 1) {
		size += 1;
	} else if (mod == 2 || (mod == 0 && rm == 5)) {
		size += 4;
	}
	return size;
}

// Reports whether the bytes before an address end in a call: E8 with a 32-bit offset, or FF /2.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	if (before[2] == 0xe8) {
		return true;
	}
	for (unsigned size = 2; size <= RCGO_CALL_SIZE; size++) {
		const uint8_t *at = before + RCGO_CALL_SIZE - size;

		if (at[0] == 0xff && rcgo__arch_call_size(at[1], size > 2 ? at[2] : 0) == size) {
			return true;
		}
	}
	return false;
}

// Stores the target of the call that ends at ra. Returns false if the call is indirect.
static inline bool
rcgo__arch_call_target(const uint8_t before[RCGO_CALL_SIZE], uintptr_t ra, uintptr_t *target)
{
	*target = ra + (uintptr_t)(intptr_t)(int32_t)rcgo__arch_u32(before + 3);
	return before[2] == 0xe8;
}

#endif // RCGO_ARCH_X86_H
