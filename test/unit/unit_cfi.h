// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: unwind information written by hand, at the end of a page before an inaccessible one.
#ifndef UNIT_CFI_H
#define UNIT_CFI_H

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cfi.h"
#include "unwind_cache.h"
#include "unit.h"

#define UNIT_CFI_SIZE 16384 // a multiple of any page size up to this

struct unit_cfi {
	uint8_t *start, *end; // the memory
	uint8_t *at;	      // the end of what has been written
	struct rcgo_cfi_area area;
};

__attribute__((unused)) static void
unit_cfi_init(struct unit_cfi *cfi)
{
	size_t guard = 65536;
	uint8_t *map = mmap(
		NULL, UNIT_CFI_SIZE + 2 * guard, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	cfi->start = map + guard;
	cfi->end = cfi->start + UNIT_CFI_SIZE;
	cfi->at = cfi->start;
	CHECK_INT(mprotect(cfi->start, UNIT_CFI_SIZE, PROT_READ | PROT_WRITE), 0);
	// The object claims to continue in inaccessible memory.
	cfi->area = (struct rcgo_cfi_area){
		.start = (uintptr_t)map,
		.end = (uintptr_t)cfi->end + guard,
		.nodelete = true,
	};
}

__attribute__((unused)) static void
unit_cfi_bytes(struct unit_cfi *cfi, const void *bytes, size_t n)
{
	CHECK(n <= (size_t)(cfi->end - cfi->at));
	memcpy(cfi->at, bytes, n);
	cfi->at += n;
}

__attribute__((unused)) static void
unit_cfi_u32(struct unit_cfi *cfi, uint32_t n)
{
	unit_cfi_bytes(cfi, &n, sizeof n);
}

// Writes a CIE: augmentation "zR" with 64-bit addresses that are absolute, CFA = sp + 8, the return
// address at CFA - 8; code is aligned by 1, data by -8. Returns its address.
__attribute__((unused)) static uint8_t *
unit_cfi_cie(struct unit_cfi *cfi, const char *letters)
{
	uint8_t *cie = cfi->at;
	uint8_t ops[] = {1, 0x78, 30, 1, 0x04, 0x0c, RCGO_DW_SP, 8, 0x80 | 30, 1};
	uint32_t size;

	ops[2] = ops[8] = RCGO_HAS_LR ? 30 : 16;
	ops[8] |= 0x80;
	unit_cfi_u32(cfi, 0);
	unit_cfi_u32(cfi, 0);
	unit_cfi_bytes(cfi, "\1", 1);
	unit_cfi_bytes(cfi, letters, strlen(letters) + 1);
	unit_cfi_bytes(cfi, ops, sizeof ops);
	size = (uint32_t)(cfi->at - cie - 4);
	memcpy(cie, &size, 4);
	return cie;
}

// Writes an FDE of that CIE for [start, start + 256). Returns its address.
__attribute__((unused)) static uint8_t *
unit_cfi_fde(struct unit_cfi *cfi, const uint8_t *cie, uint64_t start, const void *ops, size_t n)
{
	uint8_t *fde = cfi->at;
	uint64_t length = 256;
	uint32_t size;

	unit_cfi_u32(cfi, 0);
	unit_cfi_u32(cfi, (uint32_t)(fde + 4 - cie));
	unit_cfi_bytes(cfi, &start, 8);
	unit_cfi_bytes(cfi, &length, 8);
	unit_cfi_bytes(cfi, "", 1);
	unit_cfi_bytes(cfi, ops, n);
	size = (uint32_t)(cfi->at - fde - 4);
	memcpy(fde, &size, 4);
	return fde;
}

#endif // UNIT_CFI_H
