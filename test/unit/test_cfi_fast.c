// SPDX-License-Identifier: BSD-3-Clause
// Unwind: the fast path of CFI gives the result of the general one, for any bytes.

#include <stdlib.h>

#include "cfi.h"
#include "cfi_fast.h"
#include "unwind_cache.h"
#include "unit_cfi.h"

#define FUNCTIONS 8
#define SPACING 64
#define RA (RCGO_HAS_LR ? 30 : 16)

// Instructions that compilers emit, with likely operands. The versions of clang-format disagree on
// these.
// clang-format off
static const uint8_t common[] = {
	DW_CFA_nop, DW_CFA_advance_loc | 1, DW_CFA_advance_loc | 4, DW_CFA_advance_loc1,
	DW_CFA_advance_loc2, DW_CFA_advance_loc4, DW_CFA_def_cfa, DW_CFA_def_cfa_offset,
	DW_CFA_def_cfa_register, DW_CFA_remember_state, DW_CFA_restore_state,
	DW_CFA_offset | RCGO_DW_FP, DW_CFA_offset | 3, DW_CFA_restore | RCGO_DW_FP,
	DW_CFA_offset | (RA % 64), DW_CFA_restore | (RA % 64), DW_CFA_offset_extended,
	DW_CFA_restore_extended, DW_CFA_undefined, DW_CFA_same_value, DW_CFA_GNU_args_size,
	DW_CFA_AARCH64_negate_ra_state, DW_CFA_expression, DW_CFA_def_cfa_expression, RCGO_DW_FP,
	RCGO_DW_SP, RA, 2, 3, 8, 16, 0x80, 0x90};
// clang-format on

static void
write_size(struct unit_cfi *cfi, uint8_t *from)
{
	uint32_t size = (uint32_t)(cfi->at - from - 4);

	memcpy(from, &size, 4);
}

static void
write_ops(struct unit_cfi *cfi, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint8_t op = unit_random() % 32 == 0 ? (uint8_t)unit_random()
						     : common[unit_random() % sizeof common];

		unit_cfi_bytes(cfi, &op, 1);
	}
}

static uint8_t *
write_cie(struct unit_cfi *cfi)
{
	static const uint8_t whole[] = {1, 0x78, RA, 1, 0x1b, DW_CFA_def_cfa, RCGO_DW_SP, 8};
	uint8_t *cie = cfi->at;

	unit_cfi_u32(cfi, 0);
	unit_cfi_u32(cfi, 0);
	unit_cfi_bytes(cfi, "\1zR", 4);
	unit_cfi_bytes(cfi, whole, sizeof whole);
	if (!RCGO_HAS_LR) {
		unit_cfi_bytes(cfi, (const uint8_t[]){DW_CFA_offset | (RA % 64), 1}, 2);
	}
	write_ops(cfi, unit_random() % 4 == 0 ? 3 : 0);
	write_size(cfi, cie);
	return cie;
}

static uint8_t *
write_fde(struct unit_cfi *cfi, const uint8_t *cie, uintptr_t start)
{
	uint8_t *fde = cfi->at;
	uint8_t data = unit_random() % 8 == 0 ? 4 : 0;

	unit_cfi_u32(cfi, 0);
	unit_cfi_u32(cfi, (uint32_t)(fde + 4 - cie));
	unit_cfi_u32(cfi, (uint32_t)(start - (uintptr_t)cfi->at));
	unit_cfi_u32(cfi, SPACING - (uint32_t)(unit_random() % 8));
	unit_cfi_bytes(cfi, &data, 1);
	unit_cfi_bytes(cfi, "\0\0\0\0", data);
	write_ops(cfi, 3 + (unsigned)(unit_random() % 40));
	write_size(cfi, fde);
	return fde;
}

// Writes functions and their table, which ends before an unmapped page. Returns the .eh_frame_hdr.
static uintptr_t
write_all(struct unit_cfi *cfi, uintptr_t code)
{
	uint8_t *fde[FUNCTIONS], *cie = NULL, *begin;
	uint8_t head[12] = {1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, FUNCTIONS};
	uintptr_t hdr;

	begin = cfi->at;
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		cie = i % 3 == 0 ? write_cie(cfi) : cie;
		fde[i] = write_fde(cfi, cie, code + (uintptr_t)i * SPACING);
	}
	begin = (uint8_t *)(((uintptr_t)cfi->at + 3) & ~(uintptr_t)3);
	cfi->at = begin;
	hdr = (uintptr_t)begin;
	unit_cfi_bytes(cfi, head, sizeof head);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		unit_cfi_u32(cfi, (uint32_t)(code + (uintptr_t)i * SPACING - hdr));
		unit_cfi_u32(cfi, (uint32_t)((uintptr_t)fde[i] - hdr));
	}
	return hdr;
}

static uint64_t
general(const struct rcgo_cfi_area *area, uintptr_t hdr, uintptr_t pc)
{
	static struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;
	struct rcgo_fde fde;

	return rcgo__cfi_find(area, hdr, 0, pc, &fde, &copy) && rcgo__cfi_row(&fde, pc, true, &row)
		       ? rcgo__cfi_unwind_entry(&fde, pc, &row)
		       : RCGO_UNWIND_ENTRY_NONE;
}

TEST(the_same_rule)
{
	struct unit_cfi cfi;
	unsigned quickly = 0, slowly = 0;

	unit_cfi_init(&cfi);
	for (unsigned i = 0; i < 4000; i++) {
		struct rcgo_cfi_fast fast = {.looked = false};
		uintptr_t code = (uintptr_t)cfi.end - FUNCTIONS * SPACING;
		uintptr_t hdr;

		cfi.at = cfi.start + unit_random() % 4096;
		hdr = write_all(&cfi, code);
		for (unsigned k = i % 4; k > 0; k--) {
			cfi.start[(uintptr_t)(unit_random() % (uint64_t)(cfi.at - cfi.start))] ^=
				(uint8_t)unit_random();
		}
		rcgo__unwind_cache_clear(true);
		for (unsigned k = 0; k < 64; k++) {
			uintptr_t pc = code + unit_random() % (FUNCTIONS * SPACING);
			uint64_t entry = rcgo__cfi_fast(&cfi.area, hdr, 0, pc, &fast);

			if (entry != RCGO_UNWIND_ENTRY_NONE) {
				CHECK_INT((long long)entry, (long long)general(&cfi.area, hdr, pc));
				quickly++;
			} else {
				slowly++;
			}
		}
	}
	// Both paths are taken; otherwise nothing would be compared.
	CHECK(quickly > 1000 && slowly > 1000);
}

// Records at the end of the mapping whose length goes beyond it.
TEST(ends)
{
	for (unsigned cut = 1; cut < 64; cut++) {
		struct rcgo_cfi_fast fast = {.looked = false};
		struct unit_cfi cfi;
		uint8_t *cie, *fde;
		uintptr_t hdr;

		unit_cfi_init(&cfi);
		cfi.at = cfi.start;
		hdr = write_all(&cfi, (uintptr_t)cfi.start);
		cie = write_cie(&cfi);
		fde = cfi.end - cut;
		for (uint8_t *at = fde; at < cfi.end; at++) {
			*at = (uint8_t)unit_random();
		}
		if (cut >= 8) {
			uint32_t words[2] = {60, (uint32_t)(fde + 4 - cie)};

			memcpy(fde, words, sizeof words);
		}
		for (unsigned i = 0; i < FUNCTIONS; i++) {
			uint32_t at = (uint32_t)((uintptr_t)fde - hdr);

			memcpy((uint8_t *)hdr + 16 + 8 * i, &at, 4);
		}
		rcgo__unwind_cache_clear(true);
		if (cut < 60) {
			uintptr_t pc = (uintptr_t)cfi.start + 5;

			CHECK(rcgo__cfi_fast(&cfi.area, hdr, 0, pc, &fast) ==
				RCGO_UNWIND_ENTRY_NONE);
		}
	}
}

UNIT_MAIN(UNIT_TEST(the_same_rule), UNIT_TEST(ends))
