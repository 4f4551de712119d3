// SPDX-License-Identifier: BSD-3-Clause
// Unwind: call frame information written by hand: each instruction, malformed input, how functions
// are found, and random bytes.

#include <stdlib.h>

#include "unit_cfi.h"

#define CODE 0x100000u // where the functions are
#define RA (RCGO_HAS_LR ? 30 : 16)

static struct rcgo_cfi_copy copy;

// Computes the row at CODE + at for these instructions.
static bool
row_of(const void *ops, size_t n, unsigned at, struct rcgo_cfi_row *row)
{
	struct unit_cfi cfi;
	struct rcgo_fde fde;
	uint8_t *cie, *bytes;

	unit_cfi_init(&cfi);
	cie = unit_cfi_cie(&cfi, "zR");
	bytes = unit_cfi_fde(&cfi, cie, CODE, ops, n);
	CHECK(rcgo__cfi_parse(&cfi.area, (uintptr_t)bytes, &fde, &copy));
	CHECK_INT(fde.start, CODE);
	CHECK_INT(fde.end, CODE + 256);
	CHECK_INT(fde.data_align, -8);
	return rcgo__cfi_row(&fde, CODE + at, false, row);
}

#define ROW(at, row, ...)                                                                        \
	CHECK(row_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, (at), \
		(row)))
#define NO_ROW(...)                                                                              \
	CHECK(!row_of((const uint8_t[]){__VA_ARGS__}, sizeof(const uint8_t[]){__VA_ARGS__}, 255, \
		&(struct rcgo_cfi_row){0}))

static void
check_cfa(const struct rcgo_cfi_row *row, unsigned reg, long long offset)
{
	CHECK(row->cfa_expr == NULL);
	CHECK_INT(row->cfa_reg, reg);
	CHECK_INT(row->cfa_offset, offset);
}

static void
check_reg(const struct rcgo_cfi_row *row, unsigned reg, enum rcgo_cfi_register_rule reg_rule,
	int value)
{
	CHECK_INT(row->reg_rule[reg], reg_rule);
	CHECK_INT(row->value[reg], value);
}

TEST(instructions_for_the_cfa)
{
	struct rcgo_cfi_row row;

	ROW(0, &row, 0);
	check_cfa(&row, RCGO_DW_SP, 8);
	check_reg(&row, RA, RCGO_RULE_OFFSET, -8);
	ROW(0, &row, 0x0c, 3, 0x90, 1);
	check_cfa(&row, 3, 144);
	ROW(0, &row, 0x12, 3, 0x7e);
	check_cfa(&row, 3, 16);
	ROW(0, &row, 0x0d, 5);
	check_cfa(&row, 5, 8);
	ROW(0, &row, 0x0e, 64);
	check_cfa(&row, RCGO_DW_SP, 64);
	ROW(0, &row, 0x13, 0x70);
	check_cfa(&row, RCGO_DW_SP, 128);
	ROW(0, &row, 0x0f, 2, 0x77, 8);
	CHECK(row.cfa_expr != NULL && memcmp(row.cfa_expr, "\2\x77\10", 3) == 0);
	ROW(0, &row, 0x2e, 16, 0x0e, 32, 0x2d);
	check_cfa(&row, RCGO_DW_SP, 32);
}

TEST(instructions_for_registers)
{
	struct rcgo_cfi_row row;

	ROW(0, &row, 0x83, 2);
	check_reg(&row, 3, RCGO_RULE_OFFSET, -16);
	ROW(0, &row, 0x05, 3, 4);
	check_reg(&row, 3, RCGO_RULE_OFFSET, -32);
	ROW(0, &row, 0x11, 3, 0x7f);
	check_reg(&row, 3, RCGO_RULE_OFFSET, 8);
	ROW(0, &row, 0x2f, 3, 2);
	check_reg(&row, 3, RCGO_RULE_OFFSET, 16);
	ROW(0, &row, 0x14, 3, 2);
	check_reg(&row, 3, RCGO_RULE_VAL_OFFSET, -16);
	ROW(0, &row, 0x15, 3, 0x7e);
	check_reg(&row, 3, RCGO_RULE_VAL_OFFSET, 16);
	ROW(0, &row, 0x09, 3, 5);
	check_reg(&row, 3, RCGO_RULE_REGISTER, 5);
	ROW(0, &row, 0x07, 3);
	check_reg(&row, 3, RCGO_RULE_UNDEFINED, 0);
	ROW(0, &row, 0x83, 2, 0x08, 3);
	check_reg(&row, 3, RCGO_RULE_SAME, 0);
	ROW(0, &row, 0x10, 3, 1, 0x9c);
	CHECK_INT(row.reg_rule[3], RCGO_RULE_EXPR);
	ROW(0, &row, 0x16, 3, 1, 0x9c);
	CHECK_INT(row.reg_rule[3], RCGO_RULE_VAL_EXPR);
	// Restores the rule of the CIE.
	ROW(0, &row, 0x80 | RA, 5, 0xc0 | RA);
	check_reg(&row, RA, RCGO_RULE_OFFSET, -8);
	ROW(0, &row, 0x80 | RA, 5, 0x06, RA);
	check_reg(&row, RA, RCGO_RULE_OFFSET, -8);
	// A register that the unwinder does not track.
	ROW(0, &row, 0x05, 0xe0, 0, 4, 0x0e, 16);
	check_cfa(&row, RCGO_DW_SP, 16);
}

TEST(instructions_that_advance)
{
	static const uint8_t ops[] = {0x44, 0x0e, 16, 0x02, 4, 0x0e, 24, 0x03, 4, 0, 0x0e, 32, 0x04,
		4, 0, 0, 0, 0x0e, 40, 0x01, 20, 0, 0x10, 0, 0, 0, 0, 0, 0x0e, 48, 0x1d, 4, 0, 0, 0,
		0, 0, 0, 0, 0x0e, 56};
	struct rcgo_cfi_row row;

	for (unsigned at = 0; at < 256; at++) {
		CHECK(row_of(ops, sizeof ops, at, &row));
		check_cfa(&row, RCGO_DW_SP, at < 24 ? 8 + at / 4 * 8 : 56);
	}
}

TEST(remembered_rows)
{
	static const uint8_t ops[] = {0x0a, 0x44, 0x0c, 3, 64, 0x83, 2, 0x0a, 0x44, 0x0f, 1, 0x9c,
		0x44, 0x0b, 0x44, 0x0b};
	struct rcgo_cfi_row row;

	CHECK(row_of(ops, sizeof ops, 3, &row));
	check_cfa(&row, RCGO_DW_SP, 8);
	CHECK(row_of(ops, sizeof ops, 4, &row));
	check_cfa(&row, 3, 64);
	CHECK(row_of(ops, sizeof ops, 8, &row));
	CHECK(row.cfa_expr != NULL);
	CHECK(row_of(ops, sizeof ops, 12, &row));
	check_cfa(&row, 3, 64);
	check_reg(&row, 3, RCGO_RULE_OFFSET, -16);
	CHECK(row_of(ops, sizeof ops, 16, &row));
	check_cfa(&row, RCGO_DW_SP, 8);
	check_reg(&row, 3, RCGO_RULE_SAME, 0);
	NO_ROW(0x0b);
	NO_ROW(0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a, 0x0a);
}

TEST(wrong_instructions)
{
	NO_ROW(0x3f);
	NO_ROW(0x17, 3);
	NO_ROW(0x0c, 3);
	NO_ROW(0x0e);
	NO_ROW(0x0e, 0x80);
	NO_ROW(0x0f, 20, 0x77);
	NO_ROW(0x10, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1);
	NO_ROW(0x04, 1, 2, 3);
	// An offset that is too large for a register rule.
	NO_ROW(0x05, 3, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f);
}

static bool
parses(const char *letters, const uint8_t *change, size_t at)
{
	struct unit_cfi cfi;
	struct rcgo_fde fde;
	uint8_t *cie, *bytes;

	unit_cfi_init(&cfi);
	cie = unit_cfi_cie(&cfi, letters);
	bytes = unit_cfi_fde(&cfi, cie, CODE, "", 1);
	if (change != NULL) {
		memcpy(bytes + at, change, 4);
	}
	return rcgo__cfi_parse(&cfi.area, (uintptr_t)bytes, &fde, &copy);
}

TEST(wrong_entries)
{
	CHECK(parses("zR", NULL, 0));
	CHECK(!parses("R", NULL, 0));
	CHECK(!parses("eh", NULL, 0));
	// Lengths beyond the end of the readable range, of the object, and of the address space.
	CHECK(!parses("zR", (const uint8_t *)"\0\0\1\0", 0));
	CHECK(!parses("zR", (const uint8_t *)"\0\0\0\x40", 0));
	CHECK(!parses("zR", (const uint8_t *)"\xfe\xff\xff\xff", 0));
	CHECK(!parses("zR", (const uint8_t *)"\xff\xff\xff\xff", 0));
	CHECK(!parses("zR", (const uint8_t *)"\3\0\0\0", 0));
	CHECK(!parses("zR", (const uint8_t *)"\0\0\0\0", 0));
	// CIE pointers: to the FDE itself, outside, and to something that is no CIE.
	CHECK(!parses("zR", (const uint8_t *)"\0\0\0\0", 4));
	CHECK(!parses("zR", (const uint8_t *)"\4\0\0\0", 4));
	CHECK(!parses("zR", (const uint8_t *)"\0\0\0\x70", 4));
}

// Bytes that are no unwind information, or nearly: no read is out of bounds, and parsing ends.
TEST(random_bytes)
{
	struct unit_cfi cfi;
	unsigned found = 0;

	unit_cfi_init(&cfi);
	for (unsigned round = 0; round < 40000; round++) {
		struct rcgo_fde fde;
		struct rcgo_cfi_row row;
		uint8_t ops[64];
		uint8_t *cie;
		uintptr_t at;

		cfi.at = cfi.end - 256;
		for (unsigned i = 0; i < 256; i++) {
			cfi.at[i] = (uint8_t)unit_random();
		}
		for (unsigned i = 0; i < sizeof ops; i++) {
			ops[i] = (uint8_t)(unit_random() & (round % 2 ? 0xff : 0x3f));
		}
		cie = unit_cfi_cie(&cfi, round % 3 ? "zR" : "zPLR");
		at = (uintptr_t)unit_cfi_fde(&cfi, cie, CODE, ops, unit_random() % sizeof ops);
		for (unsigned i = 0; i < round % 4; i++) {
			cfi.end[-1 - (ptrdiff_t)(unit_random() % 256)] = (uint8_t)unit_random();
		}
		if (rcgo__cfi_parse(&cfi.area, at, &fde, &copy)) {
			for (unsigned i = 0; i < 4; i++) {
				uintptr_t pc = fde.start + unit_random() % 256;

				found += rcgo__cfi_row(&fde, pc, false, &row);
				if (rcgo__cfi_row(&fde, pc, true, &row)) {
					CHECK(rcgo__cfi_unwind_entry(&fde, pc, &row) !=
						RCGO_UNWIND_ENTRY_NONE);
				}
			}
		}
	}
	CHECK(found > 1000);
}

UNIT_MAIN(UNIT_TEST(instructions_for_the_cfa), UNIT_TEST(instructions_for_registers),
	UNIT_TEST(instructions_that_advance), UNIT_TEST(remembered_rows),
	UNIT_TEST(wrong_instructions), UNIT_TEST(wrong_entries), UNIT_TEST(random_bytes))
