// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: unwind information. The input is an object that begins with its .eh_frame_hdr, placed at
// the end of mapped memory. For every function found, rows, entries and expressions are computed.

#include <string.h>
#include <sys/mman.h>

#include "fuzz.h"
#include "cfi_fast.h"
#include "dwarf_expr.h"
#include "unwind_cache.h"

#define ROOM 65536

// Memory that ends at an unmapped page, because readers of unwind information are not instrumented.
static uint8_t *
room_end(void)
{
	static uint8_t *end;

	if (end == NULL) {
		uint8_t *map = mmap(
			NULL, 2 * ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (map == MAP_FAILED || mprotect(map + ROOM, ROOM, PROT_NONE) != 0) {
			abort();
		}
		end = map + ROOM;
	}
	return end;
}

static void
run_expressions(const struct rcgo_fde *fde, const struct rcgo_cfi_row *row)
{
	struct rcgo_frame_regs regs = {.pc = fde->start, .known = 0x5555};
	struct rcgo_stack_reader memory;
	uintptr_t value;

	rcgo__stack_reader_init(&memory, NULL, (uintptr_t)&memory);
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		regs.reg[i] = (uintptr_t)fde->fde_ops + 8 * i;
	}
	if (row->cfa_expr != NULL) {
		const uint8_t *end = row->cfa_expr >= fde->cie_ops && row->cfa_expr < fde->cie_end
					     ? fde->cie_end
					     : fde->fde_end;

		rcgo__dwarf_expr_run(row->cfa_expr, end, &regs, NULL, &memory, &value);
	}
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (row->reg_rule[i] == RCGO_RULE_EXPR || row->reg_rule[i] == RCGO_RULE_VAL_EXPR) {
			const uint8_t *expr = fde->fde_ops + row->value[i];
			const uint8_t *end = expr >= fde->cie_ops && expr < fde->cie_end
						     ? fde->cie_end
						     : fde->fde_end;

			rcgo__dwarf_expr_run(expr, end, &regs, &value, &memory, &value);
		}
	}
}

// The fast path must compute the same entry as the general one.
static void
check_quick(
	const struct rcgo_cfi_area *area, uintptr_t hdr, uintptr_t pc, const struct rcgo_fde *fde)
{
	struct rcgo_cfi_fast fast = {.looked = false};
	struct rcgo_cfi_row row;
	uint64_t entry;

	rcgo__unwind_cache_clear(true);
	entry = rcgo__cfi_fast(area, hdr, 0, pc, &fast);
	if (entry != RCGO_UNWIND_ENTRY_NONE &&
		(!rcgo__cfi_row(fde, pc, true, &row) ||
			rcgo__cfi_unwind_entry(fde, pc, &row) != entry)) {
		abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rcgo_cfi_copy copy;
	struct rcgo_cfi_area area;
	uint8_t *at;

	if (size < 8 || size > ROOM) {
		return 0;
	}
	at = room_end() - size;
	memcpy(at, data, size);
	area = (struct rcgo_cfi_area){
		.start = (uintptr_t)at,
		.end = (uintptr_t)at + size + 4096,
		.nodelete = (data[size - 1] & 1) != 0,
	};
	for (unsigned i = 0; i < 8; i++) {
		// Addresses of functions are relative to the place where they are stored.
		uintptr_t pc = (uintptr_t)at + i * size / 8;
		struct rcgo_fde fde;
		struct rcgo_cfi_row row;

		if (!rcgo__cfi_find(&area, (uintptr_t)at, 0, pc, &fde, &copy)) {
			continue;
		}
		if (pc < fde.start || pc >= fde.end) {
			abort();
		}
		check_quick(&area, (uintptr_t)at, pc, &fde);
		if (rcgo__cfi_row(&fde, pc, false, &row)) {
			run_expressions(&fde, &row);
		}
		if (rcgo__cfi_row(&fde, pc, true, &row) &&
			rcgo__cfi_unwind_entry(&fde, pc, &row) == RCGO_UNWIND_ENTRY_NONE) {
			abort();
		}
	}
	return 0;
}
