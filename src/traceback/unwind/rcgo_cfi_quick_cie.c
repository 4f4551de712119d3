// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: CIEs of ordinary functions, each in a note. Runs anywhere.

#include "rcgo_cfi_quick.h"
#include "rcgo_rule.h"

#define PCREL_SDATA4 0x1b // how ordinary FDEs write addresses

// A CIE in a note: that of all but the strangest fits.
struct cie_note {
	uint64_t is_note : RCGO_NOTE_SHIFT;
	uint64_t code_align : 4;
	uint64_t ra : 6;
	uint64_t sized : 1;
	uint64_t interrupted : 1;
	uint64_t cfa_reg : 6;
	uint64_t ra_how : 2;
	int64_t data_align : 8;
	int64_t cfa_offset : 16;
	int64_t ra_value : 16;
};
union cie_note_word {
	struct cie_note fields;
	uint64_t word;
};

_Static_assert(sizeof(struct cie_note) == sizeof(uint64_t), "a word");
_Static_assert(RCGO_HOW_SAME < 3 && RCGO_HOW_UNDEFINED < 3 && RCGO_HOW_OFFSET == 2, "two bits");

// Makes the note of the CIE of the FDE at address; 0 when it does not fit.
static RCGO_COLD uint64_t
quick_note(const struct rcgo_cfi_area *area, uintptr_t address)
{
	struct rcgo_cfi_row row;
	struct rcgo_fde fde;
	union cie_note_word note = {.word = 0};
	struct cie_note *to = &note.fields;

	if (!rcgo__cfi_parse(area, address, &fde, NULL) || fde.encoding != PCREL_SDATA4) {
		return 0;
	}
	fde.fde_ops = fde.fde_end;
	if (!rcgo__cfi_row(&fde, fde.start, true, &row) || row.cfa_expr != NULL ||
		row.how[RCGO_SLOT_FP] != RCGO_HOW_SAME || row.how[RCGO_SLOT_RA] > RCGO_HOW_OFFSET) {
		return 0;
	}
	to->code_align = fde.code_align & 15;
	to->data_align = (int8_t)fde.data_align;
	to->ra = fde.ra & 63;
	to->sized = fde.sized;
	to->interrupted = fde.interrupted;
	to->cfa_reg = row.cfa_reg & 63;
	to->cfa_offset = (int16_t)row.cfa_offset;
	to->ra_how = row.how[RCGO_SLOT_RA] & 3;
	to->ra_value = (int16_t)row.value[RCGO_SLOT_RA];
	if (to->code_align != fde.code_align || to->data_align != fde.data_align ||
		to->ra != fde.ra || to->cfa_reg != row.cfa_reg ||
		to->cfa_offset != row.cfa_offset || to->ra_value != row.value[RCGO_SLOT_RA]) {
		return 0;
	}
	return note.word;
}

// Takes in the CIE at cie, which is that of the FDE at address.
bool
rcgo__cfi_quick_cie(const struct rcgo_cfi_area *area, uintptr_t cie, uintptr_t address,
	struct rcgo_cfi_quick *quick)
{
	union cie_note_word note = {.word = rcgo__rule_noted(cie, RCGO_NOTE_CIE)};
	const struct cie_note *from = &note.fields;

	quick->cie = 0;
	if (note.word == 0) {
		note.word = quick_note(area, address);
		if (note.word == 0) {
			return false;
		}
		rcgo__rule_note(cie, RCGO_NOTE_CIE, note.word);
	}
	quick->code_align = (uint32_t)from->code_align;
	quick->data_align = (int32_t)from->data_align;
	quick->ra = (uint32_t)from->ra;
	quick->sized = from->sized;
	quick->interrupted = from->interrupted;
	quick->initial.cfa_reg = (uint32_t)from->cfa_reg;
	quick->initial.cfa_offset = (int32_t)from->cfa_offset;
	quick->initial.how[RCGO_SLOT_FP] = RCGO_HOW_SAME;
	quick->initial.value[RCGO_SLOT_FP] = 0;
	quick->initial.how[RCGO_SLOT_RA] = from->ra_how;
	quick->initial.value[RCGO_SLOT_RA] = (int32_t)from->ra_value;
	quick->cie = cie;
	return true;
}
