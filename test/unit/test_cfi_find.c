// SPDX-License-Identifier: BSD-3-Clause
// Unwind: functions are found by the sorted table in any encoding, or without a table; in objects
// that are read in place and in copies; and expressions become register rules or are evaluated.
// Long because: there are many operators.

#include <stdlib.h>

#include "dwarf_expr.h"
#include "unit_cfi.h"

#define CODE 0x100000u
#define FUNCTIONS 37
#define SPACING 512

static struct rcgo_cfi_copy copy;

static void
write_address(struct unit_cfi *cfi, uint8_t encoding, uintptr_t hdr, uint64_t value)
{
	unsigned size = rcgo__encoded_size(encoding);

	value -= (encoding & RCGO_EH_PE_BASE_MASK) == DW_EH_PE_DATAREL ? hdr
		 : (encoding & RCGO_EH_PE_BASE_MASK) == DW_EH_PE_PCREL ? (uintptr_t)cfi->at
								       : 0;
	unit_cfi_bytes(cfi, &value, size);
}

// Writes FUNCTIONS functions of 256 bytes, SPACING bytes apart, and an .eh_frame_hdr with a table
// in this encoding, or none. Returns its address.
static uintptr_t
write_functions(struct unit_cfi *cfi, uintptr_t base, uint8_t encoding)
{
	uint8_t *fdes[FUNCTIONS];
	uint8_t *cie = unit_cfi_cie(cfi, "zR");
	uint8_t head[4] = {1, 0x1b, encoding == DW_EH_PE_OMIT ? DW_EH_PE_OMIT : 0x03, encoding};
	uint8_t *hdr;

	for (unsigned i = 0; i < FUNCTIONS; i++) {
		uint8_t ops[] = {0x0e, (uint8_t)(i + 1)};

		fdes[i] = unit_cfi_fde(cfi, cie, base + i * SPACING, ops, sizeof ops);
	}
	unit_cfi_u32(cfi, 0);
	cfi->at += -(uintptr_t)cfi->at % 4;
	hdr = cfi->at;
	unit_cfi_bytes(cfi, head, sizeof head);
	unit_cfi_u32(cfi, (uint32_t)(cie - cfi->at));
	if (encoding != DW_EH_PE_OMIT) {
		unit_cfi_u32(cfi, FUNCTIONS);
		for (unsigned i = 0; i < FUNCTIONS; i++) {
			write_address(cfi, encoding, (uintptr_t)hdr, base + i * SPACING);
			write_address(cfi, encoding, (uintptr_t)hdr, (uintptr_t)fdes[i]);
		}
	}
	return (uintptr_t)hdr;
}

static void
check_found(const struct unit_cfi *cfi, uintptr_t hdr, size_t size, uintptr_t base)
{
	for (intptr_t at = -3; at < FUNCTIONS * SPACING + 9; at += 5) {
		struct rcgo_fde fde;
		struct rcgo_cfi_row row;
		bool inside = at >= 0 && at % SPACING < 256 && at / SPACING < FUNCTIONS;
		uintptr_t pc = base + (uintptr_t)at;

		CHECK_INT(rcgo__cfi_find(&cfi->area, hdr, size, pc, &fde, &copy), inside);
		if (inside) {
			CHECK_INT(fde.start, base + (uintptr_t)(at / SPACING) * SPACING);
			CHECK(rcgo__cfi_row(&fde, pc, true, &row));
			CHECK_INT(row.cfa_offset, at / SPACING + 1);
		}
	}
}

TEST(tables_of_all_shapes)
{
	static const uint8_t encodings[] = {
		0x3b, 0x3c, 0x00, 0x04, 0x0c, 0x1b, 0x1c, 0x10, DW_EH_PE_OMIT};

	for (size_t i = 0; i < sizeof encodings; i++) {
		for (unsigned nodelete = 0; nodelete < 2; nodelete++) {
			struct unit_cfi cfi;
			uintptr_t base, hdr;

			unit_cfi_init(&cfi);
			base = (uintptr_t)cfi.start;
			hdr = write_functions(&cfi, base, encodings[i]);
			cfi.area.nodelete = nodelete;
			check_found(&cfi, hdr, 0, base);
			check_found(&cfi, hdr, (uintptr_t)cfi.at - hdr, base);
		}
	}
}

// A wrong .eh_frame_hdr is rejected; a table longer than its section is not searched.
TEST(wrong_heads)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct unit_cfi cfi;
		struct rcgo_fde fde;
		static struct unit_cfi made;
		static uintptr_t hdr;

		if (made.at == NULL) {
			unit_cfi_init(&made);
			hdr = write_functions(&made, (uintptr_t)made.start, 0x3b);
		}
		cfi = made;
		cfi.area.nodelete = i % 16 != 0;
		for (unsigned k = 0; k < 3; k++) {
			uint8_t *at = (uint8_t *)hdr + unit_random() % 64;
			uint8_t was = *at;

			*at = (uint8_t)unit_random();
			for (unsigned j = 0; j < 4; j++) {
				uintptr_t pc = (uintptr_t)cfi.start + unit_random() % UNIT_CFI_SIZE;

				if (rcgo__cfi_find(&cfi.area, hdr, 0, pc, &fde, &copy)) {
					CHECK(pc >= fde.start && pc < fde.end);
				}
			}
			*at = was;
		}
	}
}

// Memory that cannot be read at all, and memory that was unmapped.
TEST(objects_that_are_not_there)
{
	for (unsigned nodelete = 0; nodelete < 2; nodelete++) {
		struct unit_cfi cfi;
		struct rcgo_fde fde;
		uintptr_t hdr;

		unit_cfi_init(&cfi);
		hdr = write_functions(&cfi, (uintptr_t)cfi.start, 0x3b);
		cfi.area.nodelete = nodelete;
		CHECK(!rcgo__cfi_find(&cfi.area, 0, 0, hdr, &fde, &copy));
		CHECK(!rcgo__cfi_find(&cfi.area, cfi.area.start, 0, hdr, &fde, &copy));
		CHECK(!rcgo__cfi_find(&cfi.area, cfi.area.end, 0, hdr, &fde, &copy));
		CHECK(!rcgo__cfi_find(&cfi.area, cfi.area.end - 2, 0, hdr, &fde, &copy));
		CHECK(!rcgo__cfi_find(&cfi.area, UINTPTR_MAX - 3, 0, hdr, &fde, &copy));
		rcgo__unwind_cache_clear(true);
		CHECK_INT(mprotect(cfi.start, UNIT_CFI_SIZE, PROT_NONE), 0);
		CHECK(!rcgo__cfi_find(&cfi.area, hdr, 0, (uintptr_t)cfi.start, &fde, &copy));
	}
}

// A table was found valid. A table of the same length that begins four bytes later, and ends in
// unmapped memory, must be checked again.
TEST(tables_next_to_each_other)
{
	for (uint8_t count = 30; count < 34; count++) {
		struct rcgo_fde fde;
		struct unit_cfi cfi;
		uint8_t head[12] = {1, 0x1b, 0x03, 0x3b, 0, 0, 0, 0, count};
		uint8_t *first;

		unit_cfi_init(&cfi);
		first = cfi.end - 8 * count - sizeof head;
		for (unsigned i = 0; i < 8; i += 4) {
			uintptr_t hdr = (uintptr_t)first + i;

			memset(first, 0xff, 8 * count + sizeof head);
			memcpy(first + i, head, sizeof head);
			CHECK(!rcgo__cfi_find(&cfi.area, hdr, 0, hdr + 4096, &fde, &copy));
		}
	}
}

// Returns the entry at pc if the CFA is this expression.
static uint64_t
rule_of(const uint8_t *expr, size_t n, uintptr_t pc)
{
	struct unit_cfi cfi;
	struct rcgo_fde fde;
	struct rcgo_cfi_row row;
	uint8_t ops[64] = {0x0f};
	uint8_t *cie, *at;

	unit_cfi_init(&cfi);
	ops[1] = (uint8_t)n;
	memcpy(ops + 2, expr, n);
	cie = unit_cfi_cie(&cfi, "zR");
	at = unit_cfi_fde(&cfi, cie, CODE, ops, n + 2);
	CHECK(rcgo__cfi_parse(&cfi.area, (uintptr_t)at, &fde, &copy));
	CHECK(rcgo__cfi_row(&fde, pc, true, &row));
	return rcgo__cfi_unwind_entry(&fde, pc, &row);
}

#define ENTRY(pc, ...) \
	rule_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, (pc))
#define BREG_SP (0x70 + RCGO_DW_SP)
#define BREG_FP (0x70 + RCGO_DW_FP)

static void
check_entry(uint64_t entry, unsigned kind, long long cfa, unsigned add)
{
	long long entry_ra = (long long)RCGO_UNWIND_ENTRY_RA_AT(entry);

	CHECK_INT(RCGO_UNWIND_ENTRY_KIND(entry), kind);
	CHECK_INT((long long)RCGO_UNWIND_ENTRY_CFA(entry), cfa);
	CHECK_INT(RCGO_UNWIND_ENTRY_ADD(entry), add);
	// The return-address offset of an entry that loads the CFA is relative to the CFA.
	if (!RCGO_UNWIND_ENTRY_LOADS(entry)) {
		entry_ra -= cfa;
	}
	CHECK_INT(entry_ra, -8);
}

TEST(expressions_that_become_rules)
{
	check_entry(ENTRY(CODE, BREG_SP, 16), RCGO_UNWIND_ENTRY_SP, 16, 0);
	check_entry(ENTRY(CODE, BREG_FP, 0x70), RCGO_UNWIND_ENTRY_FP, -16, 0);
	check_entry(ENTRY(CODE, BREG_FP, 0x78, 0x06), RCGO_UNWIND_ENTRY_FP_LOAD, -8, 0);
	check_entry(ENTRY(CODE, BREG_SP, 48, 0x06, 0x23, 8), RCGO_UNWIND_ENTRY_SP_LOAD, 48, 8);
	check_entry(ENTRY(CODE, 0x08, 24, BREG_SP, 0, 0x22), RCGO_UNWIND_ENTRY_SP, 24, 0);
	CHECK_INT(ENTRY(CODE, 0x73, 8), RCGO_UNWIND_ENTRY_SLOW);
	CHECK_INT(ENTRY(CODE, BREG_SP, 4), RCGO_UNWIND_ENTRY_SLOW);
	CHECK_INT(ENTRY(CODE, BREG_SP, 8, 0x06, 0x06), RCGO_UNWIND_ENTRY_SLOW);
	CHECK_INT(ENTRY(CODE, 0x38), RCGO_UNWIND_ENTRY_SLOW);
	CHECK_INT(ENTRY(CODE, 0x22), RCGO_UNWIND_ENTRY_SLOW);
	CHECK_INT(ENTRY(CODE, BREG_SP, 8, 0x06, 0x23, 0x80, 1), RCGO_UNWIND_ENTRY_SLOW);
	if (!RCGO_HAS_LR) {
		// What linkers write for procedure linkage tables (PLT).
		for (unsigned at = 0; at < 32; at++) {
			uint64_t entry = ENTRY(CODE + at, BREG_SP, 8, 0x80, 0, 0x3f, 0x1a, 0x3b,
				0x2a, 0x33, 0x24, 0x22);

			check_entry(entry, RCGO_UNWIND_ENTRY_SP, at % 16 >= 11 ? 16 : 8, 0);
		}
	}
}

static uintptr_t words[4] = {11, 22, 33, 44};

// Evaluates an expression with 1, 2, 3, … in the registers, except words in register 3, and 77 on
// the stack.
static bool
run(const uint8_t *expr, size_t n, uintptr_t *result)
{
	struct rcgo_frame_regs regs = {.pc = 0x1234, .known = (1U << 12) - 1};
	struct rcgo_stack_reader memory;
	uint8_t block[64];
	uintptr_t first = 77;

	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		regs.reg[i] = i + 1;
	}
	regs.reg[3] = (uintptr_t)words;
	rcgo__stack_reader_init(&memory, NULL, (uintptr_t)&memory);
	block[0] = (uint8_t)n;
	memcpy(block + 1, expr, n);
	return rcgo__dwarf_expr_run(block, block + 1 + n, &regs, &first, &memory, result);
}

#define RUN(result, ...)                                                                        \
	CHECK(run((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, &got)); \
	CHECK_INT((intptr_t)got, (result))
#define NO_RUN(...) \
	CHECK(!run((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, &got))

TEST(expressions_that_run)
{
	uintptr_t got;

	RUN(77, 0x96);
	RUN(85, 0x38, 0x22);
	RUN(-1, 0x09, 0xff);
	RUN(255, 0x08, 0xff);
	RUN(-2, 0x0b, 0xfe, 0xff);
	RUN(0x12345678, 0x0c, 0x78, 0x56, 0x34, 0x12);
	RUN(300, 0x10, 0xac, 2);
	RUN(-128, 0x11, 0x80, 0x7f);
	RUN(33, 0x73, 16, 0x06);
	RUN(22, 0x73, 8, 0x94, 1);
	RUN(6, 0x92, 5, 0);
	RUN(154, 0x12, 0x22);
	RUN(77, 0x31, 0x13);
	RUN(77, 0x31, 0x14);
	RUN(77, 0x31, 0x32, 0x15, 2);
	RUN(76, 0x31, 0x1c);
	RUN(-76, 0x31, 0x16, 0x1c);
	RUN(2, 0x31, 0x32, 0x33, 0x17);
	RUN(77, 0x1f, 0x19);
	RUN(-77, 0x1f);
	RUN(-78, 0x20);
	RUN(7, 0x3b, 0x1b);
	RUN(2, 0x35, 0x1d);
	RUN(770, 0x3a, 0x1e);
	RUN(308, 0x32, 0x24);
	RUN(19, 0x32, 0x25);
	RUN(-20, 0x1f, 0x32, 0x26);
	RUN(76, 0x31, 0x27);
	RUN(1, 0x3a, 0x2b);
	RUN(0, 0x3a, 0x2c);
	RUN(5, 0x31, 0x28, 1, 0, 0x34, 0x35);
	RUN(4, 0x2f, 1, 0, 0x35, 0x34);
	RUN(4660 + 8, 0x92, (RCGO_DW_PC & 0x7f) | 0x80, (RCGO_DW_PC >> 7 & 0x7f) | 0x80,
		RCGO_DW_PC >> 14, 8);
}

TEST(expressions_that_are_wrong)
{
	uintptr_t got;

	NO_RUN(0x13, 0x13);
	NO_RUN(0x13);
	NO_RUN(0x30, 0x1b);
	NO_RUN(0x30, 0x1d);
	NO_RUN(0x06);
	NO_RUN(0x7c, 0);
	NO_RUN(0x92, 99, 0);
	NO_RUN(0x15, 9);
	NO_RUN(0x73, 0, 0x94, 0);
	NO_RUN(0x73, 0, 0x94, 9);
	NO_RUN(0xe0);
	NO_RUN(0x2f, 0xfd, 0xff);
	NO_RUN(0x2f, 0x70, 0);
	NO_RUN(0x2f, 0x70, 0x80);
	NO_RUN(0x12, 0x2f, 0xfc, 0xff);
	NO_RUN(0x0e, 1, 2, 3);
}

UNIT_MAIN(UNIT_TEST(tables_of_all_shapes), UNIT_TEST(wrong_heads),
	UNIT_TEST(objects_that_are_not_there), UNIT_TEST(tables_next_to_each_other),
	UNIT_TEST(expressions_that_become_rules), UNIT_TEST(expressions_that_run),
	UNIT_TEST(expressions_that_are_wrong))
