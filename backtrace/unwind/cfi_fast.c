// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: rules of ordinary functions, in one pass. Runs anywhere.

#include "cfi_fast.h"

#include "cfi.h"
#include "safe_read.h"
#include "unwind_cache.h"

#define FDE_LEAST 20 // length, CIE, address, size, and at least a word of instructions
#define FDE_MOST 65536
#define OPERAND_MAX (1 << 24)

struct quick_run {
	struct rcgo_cursor c;
	const struct rcgo_cfi_fast *quick;
	struct rcgo_cfi_fast_row row;
	struct rcgo_cfi_fast_row remembered;
	bool has_remembered;
};

RCGO_UNINSTRUMENTED_READS static inline uint32_t
word32_at(const uint8_t *at)
{
	uint32_t word;

	__builtin_memcpy(&word, at, sizeof word);
	return word;
}

RCGO_UNINSTRUMENTED_READS static inline uint32_t
quick_uleb(struct rcgo_cursor *c)
{
	const uint8_t *at = c->at;
	uint64_t n;

	if (RCGO_LIKELY(at < c->end && at[0] < 0x80)) {
		c->at = at + 1;
		return at[0];
	}
	if (RCGO_LIKELY(c->end - at > 1 && at[1] < 0x80)) {
		c->at = at + 2;
		return (at[0] & 0x7fU) | (uint32_t)at[1] << 7;
	}
	n = rcgo__cursor_uleb(c);
	c->bad |= n >= OPERAND_MAX;
	return (uint32_t)n;
}

// The slot of a register; RCGO_SLOTS_COMPACT for one that is not followed.
static inline unsigned
quick_slot(const struct quick_run *run, uint32_t reg)
{
	if (reg == RCGO_DW_FP) {
		return RCGO_SLOT_FP;
	}
	return reg == run->quick->ra ? RCGO_SLOT_RA : RCGO_SLOTS_COMPACT;
}

RCGO_UNINSTRUMENTED_READS static inline void
quick_offset(struct quick_run *run, uint32_t reg)
{
	int64_t value = (int64_t)quick_uleb(&run->c) * run->quick->data_align;
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = RCGO_RULE_OFFSET;
		run->row.value[slot] = (int32_t)value;
		run->c.bad |= value != (int32_t)value;
	}
}

static inline void
quick_undefined(struct quick_run *run, uint32_t reg)
{
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = RCGO_RULE_UNDEFINED;
		run->row.value[slot] = 0;
	}
}

static inline void
quick_restore(struct quick_run *run, uint32_t reg)
{
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = run->quick->initial.reg_rule[slot];
		run->row.value[slot] = run->quick->initial.value[slot];
	}
}

static inline void
quick_state(struct quick_run *run, bool remember)
{
	run->c.bad |= run->has_remembered == remember;
	run->has_remembered = remember;
	if (remember) {
		run->remembered = run->row;
	} else {
		run->row = run->remembered;
	}
}

// The instructions that have no operand in their opcode and move nothing.
RCGO_UNINSTRUMENTED_READS static inline void
quick_extended(struct quick_run *run, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state:
		break;
	case DW_CFA_def_cfa:
		run->row.cfa_reg = quick_uleb(&run->c);
		run->row.cfa_offset = (int32_t)quick_uleb(&run->c);
		break;
	case DW_CFA_def_cfa_register:
		run->row.cfa_reg = quick_uleb(&run->c);
		break;
	case DW_CFA_def_cfa_offset:
		run->row.cfa_offset = (int32_t)quick_uleb(&run->c);
		break;
	case DW_CFA_offset_extended:
		quick_offset(run, quick_uleb(&run->c));
		break;
	case DW_CFA_restore_extended:
		quick_restore(run, quick_uleb(&run->c));
		break;
	case DW_CFA_undefined:
		quick_undefined(run, quick_uleb(&run->c));
		break;
	case DW_CFA_GNU_args_size:
		quick_uleb(&run->c);
		break;
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		quick_state(run, op == DW_CFA_remember_state);
		break;
	default:
		run->c.bad = true;
	}
}

// Runs instructions until one moves behind left, counted from the function's start.
RCGO_UNINSTRUMENTED_READS static bool
quick_ops(struct quick_run *run, uintptr_t left)
{
	struct rcgo_cursor *c = &run->c;

	while (c->at < c->end && !c->bad) {
		uint8_t op = *c->at++;
		uintptr_t step = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_offset:
			quick_offset(run, op & 0x3f);
			continue;
		case DW_CFA_restore:
			quick_restore(run, op & 0x3f);
			continue;
		case DW_CFA_advance_loc:
			break;
		default:
			if (op < DW_CFA_advance_loc1 || op > DW_CFA_advance_loc4) {
				quick_extended(run, op);
				continue;
			}
			step = (uintptr_t)rcgo__cursor_fixed(c, 1U << (op - DW_CFA_advance_loc1));
		}
		step *= run->quick->code_align;
		if (step > left) {
			break;
		}
		left -= step;
	}
	return !c->bad;
}

// As rcgo__cfi_view, for bytes that lie mostly in the page of those before.
static inline const uint8_t *
quick_view(const struct rcgo_cfi_area *area, uintptr_t address, size_t size, uintptr_t *page)
{
	uintptr_t last = address + size - 1;

	if (RCGO_LIKELY((address ^ *page) < RCGO_NOFAULT_PAGE &&
			(last ^ *page) < RCGO_NOFAULT_PAGE && last < area->end)) {
		return (const uint8_t *)address;
	}
	if (rcgo__cfi_view(area, address, size, NULL, 0) == NULL) {
		return NULL;
	}
	*page = last & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);
	return (const uint8_t *)address;
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__cfi_fast_code(const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_fast *quick)
{
	const uint8_t *code = quick_view(area, pc, 1, &quick->code_page);

	return code != NULL && !rcgo__arch_may_be_sigreturn(*code);
}

// Finds the instructions of the FDE at address. *left is how far pc is from the function's start.
RCGO_UNINSTRUMENTED_READS static bool
quick_fde(const struct rcgo_cfi_area *area, uintptr_t address, uintptr_t pc,
	struct rcgo_cfi_fast *quick, struct rcgo_cursor *c, uintptr_t *left)
{
	const uint8_t *at = quick_view(area, address, FDE_LEAST, &quick->fde_page);
	uint32_t size = at != NULL ? word32_at(at) : 0;
	uintptr_t cie;

	if (size < FDE_LEAST - 4 || size > FDE_MOST ||
		quick_view(area, address, 4 + size, &quick->fde_page) == NULL) {
		return false;
	}
	cie = address + 4 - word32_at(at + 4);
	if (RCGO_UNLIKELY(cie != quick->cie) &&
		(cie == address + 4 || !rcgo__cfi_fast_cie(area, cie, address, quick))) {
		return false;
	}
	*left = pc - (address + 8 + (uintptr_t)(intptr_t)(int32_t)word32_at(at + 8));
	if (word32_at(at + 12) > INT32_MAX || *left >= word32_at(at + 12)) {
		return false;
	}
	*c = rcgo__cursor(at + 16, at + 4 + size);
	c->at += quick->sized;
	if (quick->sized && at[16] != 0) {
		c->at--;
		rcgo__cursor_block(c);
	}
	return true;
}

// Not inlined: what it has on the stack must not be there while the general way is taken.
__attribute__((noinline)) uint64_t
rcgo__cfi_fast(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size, uintptr_t pc,
	struct rcgo_cfi_fast *quick)
{
	struct quick_run run;
	struct rcgo_fde fde;
	struct rcgo_cfi_row row;
	uintptr_t at, left;

	if (!quick->looked) {
		quick->looked = true;
		if (!rcgo__cfi_pairs(area, hdr, hdr_size, &quick->pairs)) {
			quick->pairs.count = 0;
		}
	}
	if (!rcgo__cfi_pairs_find(&quick->pairs, pc, &at) ||
		!quick_fde(area, at, pc, quick, &run.c, &left)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	run.quick = quick;
	run.row = quick->initial;
	run.has_remembered = false;
	if (!quick_ops(&run, left)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	row.cfa_expr = NULL;
	row.cfa_offset = run.row.cfa_offset;
	row.cfa_reg = run.row.cfa_reg;
	for (unsigned slot = 0; slot < RCGO_SLOTS_COMPACT; slot++) {
		row.reg_rule[slot] = run.row.reg_rule[slot];
		row.value[slot] = run.row.value[slot];
	}
	fde.interrupted = quick->interrupted;
	return rcgo__cfi_unwind_entry(&fde, pc, &row);
}

// Traceback Generation, unwind: CIEs of ordinary functions, each in a note. Runs anywhere.

#define PCREL_SDATA4 0x1b // how ordinary FDEs write addresses

// A CIE in a note: that of all but the strangest fits.
struct cie_note {
	uint64_t is_note : RCGO_FACT_SHIFT;
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
_Static_assert(RCGO_RULE_SAME < 3 && RCGO_RULE_UNDEFINED < 3 && RCGO_RULE_OFFSET == 2, "two bits");

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
		row.reg_rule[RCGO_SLOT_FP] != RCGO_RULE_SAME ||
		row.reg_rule[RCGO_SLOT_RA] > RCGO_RULE_OFFSET) {
		return 0;
	}
	to->code_align = fde.code_align & 15;
	to->data_align = (int8_t)fde.data_align;
	to->ra = fde.ra & 63;
	to->sized = fde.sized;
	to->interrupted = fde.interrupted;
	to->cfa_reg = row.cfa_reg & 63;
	to->cfa_offset = (int16_t)row.cfa_offset;
	to->ra_how = row.reg_rule[RCGO_SLOT_RA] & 3;
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
rcgo__cfi_fast_cie(const struct rcgo_cfi_area *area, uintptr_t cie, uintptr_t address,
	struct rcgo_cfi_fast *quick)
{
	union cie_note_word note = {.word = rcgo__cached_fact_load(cie, RCGO_FACT_CIE)};
	const struct cie_note *from = &note.fields;

	quick->cie = 0;
	if (note.word == 0) {
		note.word = quick_note(area, address);
		if (note.word == 0) {
			return false;
		}
		rcgo__cached_fact_store(cie, RCGO_FACT_CIE, note.word);
	}
	quick->code_align = (uint32_t)from->code_align;
	quick->data_align = (int32_t)from->data_align;
	quick->ra = (uint32_t)from->ra;
	quick->sized = from->sized;
	quick->interrupted = from->interrupted;
	quick->initial.cfa_reg = (uint32_t)from->cfa_reg;
	quick->initial.cfa_offset = (int32_t)from->cfa_offset;
	quick->initial.reg_rule[RCGO_SLOT_FP] = RCGO_RULE_SAME;
	quick->initial.value[RCGO_SLOT_FP] = 0;
	quick->initial.reg_rule[RCGO_SLOT_RA] = from->ra_how;
	quick->initial.value[RCGO_SLOT_RA] = (int32_t)from->ra_value;
	quick->cie = cie;
	return true;
}
