// SPDX-License-Identifier: BSD-3-Clause
// The fast path that computes unwind-cache entries of ordinary functions in one pass. Safe in
// signal handlers, on any stack.

#include "cfi_fast.h"

#include "cfi.h"
#include "safe_read.h"
#include "unwind_cache.h"

#define FDE_MIN 20 // length, CIE, address, size, and at least one word of instructions
#define FDE_MAX 65536
#define OPERAND_MAX (1 << 24)

struct fast_run {
	struct rcgo_cursor c;
	const struct rcgo_cfi_fast *fast;
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
fast_uleb(struct rcgo_cursor *c)
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

// Returns the slot of a register; RCGO_SLOTS_COMPACT if the register is not tracked.
static inline unsigned
fast_slot(const struct fast_run *run, uint32_t reg)
{
	if (reg == RCGO_DW_FP) {
		return RCGO_SLOT_FP;
	}
	return reg == run->fast->ra ? RCGO_SLOT_RA : RCGO_SLOTS_COMPACT;
}

RCGO_UNINSTRUMENTED_READS static inline void
fast_offset(struct fast_run *run, uint32_t reg)
{
	int64_t value = (int64_t)fast_uleb(&run->c) * run->fast->data_align;
	unsigned slot = fast_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = RCGO_RULE_OFFSET;
		run->row.value[slot] = (int32_t)value;
		run->c.bad |= value != (int32_t)value;
	}
}

static inline void
fast_undefined(struct fast_run *run, uint32_t reg)
{
	unsigned slot = fast_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = RCGO_RULE_UNDEFINED;
		run->row.value[slot] = 0;
	}
}

static inline void
fast_restore(struct fast_run *run, uint32_t reg)
{
	unsigned slot = fast_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.reg_rule[slot] = run->fast->initial.reg_rule[slot];
		run->row.value[slot] = run->fast->initial.value[slot];
	}
}

static inline void
fast_state(struct fast_run *run, bool remember)
{
	run->c.bad |= run->has_remembered == remember;
	run->has_remembered = remember;
	if (remember) {
		run->remembered = run->row;
	} else {
		run->row = run->remembered;
	}
}

// Executes an instruction that has no operand in its opcode and does not advance the location.
RCGO_UNINSTRUMENTED_READS static inline void
fast_extended(struct fast_run *run, uint8_t op)
{
	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state:
		break;
	case DW_CFA_def_cfa:
		run->row.cfa_reg = fast_uleb(&run->c);
		run->row.cfa_offset = (int32_t)fast_uleb(&run->c);
		break;
	case DW_CFA_def_cfa_register:
		run->row.cfa_reg = fast_uleb(&run->c);
		break;
	case DW_CFA_def_cfa_offset:
		run->row.cfa_offset = (int32_t)fast_uleb(&run->c);
		break;
	case DW_CFA_offset_extended:
		fast_offset(run, fast_uleb(&run->c));
		break;
	case DW_CFA_restore_extended:
		fast_restore(run, fast_uleb(&run->c));
		break;
	case DW_CFA_undefined:
		fast_undefined(run, fast_uleb(&run->c));
		break;
	case DW_CFA_GNU_args_size:
		fast_uleb(&run->c);
		break;
	case DW_CFA_remember_state:
	case DW_CFA_restore_state:
		fast_state(run, op == DW_CFA_remember_state);
		break;
	default:
		run->c.bad = true;
	}
}

// Executes instructions until one advances the location past left, relative to the function's
// start.
RCGO_UNINSTRUMENTED_READS static bool
fast_ops(struct fast_run *run, uintptr_t left)
{
	struct rcgo_cursor *c = &run->c;

	while (c->at < c->end && !c->bad) {
		uint8_t op = *c->at++;
		uintptr_t step = op & 0x3f;

		switch (op & 0xc0) {
		case DW_CFA_offset:
			fast_offset(run, op & 0x3f);
			continue;
		case DW_CFA_restore:
			fast_restore(run, op & 0x3f);
			continue;
		case DW_CFA_advance_loc:
			break;
		default:
			if (op < DW_CFA_advance_loc1 || op > DW_CFA_advance_loc4) {
				fast_extended(run, op);
				continue;
			}
			step = (uintptr_t)rcgo__cursor_fixed(c, 1U << (op - DW_CFA_advance_loc1));
		}
		step *= run->fast->code_align;
		if (step > left) {
			break;
		}
		left -= step;
	}
	return !c->bad;
}

// Like rcgo__cfi_view, for bytes that usually are in the same page as the previous ones.
static inline const uint8_t *
fast_view(const struct rcgo_cfi_area *area, uintptr_t address, size_t size, uintptr_t *page)
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
rcgo__cfi_fast_code(const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_fast *fast)
{
	const uint8_t *code = fast_view(area, pc, 1, &fast->code_page);

	return code != NULL && !rcgo__arch_may_be_sigreturn(*code);
}

// Finds the instructions of the FDE at address. *left receives pc's offset in the function.
RCGO_UNINSTRUMENTED_READS static bool
fast_fde(const struct rcgo_cfi_area *area, uintptr_t address, uintptr_t pc,
	struct rcgo_cfi_fast *fast, struct rcgo_cursor *c, uintptr_t *left)
{
	const uint8_t *at = fast_view(area, address, FDE_MIN, &fast->fde_page);
	uint32_t size = at != NULL ? word32_at(at) : 0;
	uintptr_t cie;

	if (size < FDE_MIN - 4 || size > FDE_MAX ||
		fast_view(area, address, 4 + size, &fast->fde_page) == NULL) {
		return false;
	}
	cie = address + 4 - word32_at(at + 4);
	if (RCGO_UNLIKELY(cie != fast->cie) &&
		(cie == address + 4 || !rcgo__cfi_fast_cie(area, cie, address, fast))) {
		return false;
	}
	*left = pc - (address + 8 + (uintptr_t)(intptr_t)(int32_t)word32_at(at + 8));
	if (word32_at(at + 12) > INT32_MAX || *left >= word32_at(at + 12)) {
		return false;
	}
	*c = rcgo__cursor(at + 16, at + 4 + size);
	c->at += fast->has_augmentation;
	if (fast->has_augmentation && at[16] != 0) {
		c->at--;
		rcgo__cursor_block(c);
	}
	return true;
}

// Not inlined: its stack frame must not be live while the general path runs.
__attribute__((noinline)) uint64_t
rcgo__cfi_fast(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size, uintptr_t pc,
	struct rcgo_cfi_fast *fast)
{
	struct fast_run run;
	struct rcgo_fde fde;
	struct rcgo_cfi_row row;
	uintptr_t at, left;

	if (!fast->looked) {
		fast->looked = true;
		if (!rcgo__cfi_pairs(area, hdr, hdr_size, &fast->pairs)) {
			fast->pairs.count = 0;
		}
	}
	if (!rcgo__cfi_pairs_find(&fast->pairs, pc, &at) ||
		!fast_fde(area, at, pc, fast, &run.c, &left)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	run.fast = fast;
	run.row = fast->initial;
	run.has_remembered = false;
	if (!fast_ops(&run, left)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	row.cfa_expr = NULL;
	row.cfa_offset = run.row.cfa_offset;
	row.cfa_reg = run.row.cfa_reg;
	for (unsigned slot = 0; slot < RCGO_SLOTS_COMPACT; slot++) {
		row.reg_rule[slot] = run.row.reg_rule[slot];
		row.value[slot] = run.row.value[slot];
	}
	fde.signal_frame = fast->signal_frame;
	return rcgo__cfi_unwind_entry(&fde, pc, &row);
}

// CIEs of ordinary functions, each packed into one cached fact.

#define PCREL_SDATA4 0x1b // the pointer encoding of ordinary FDEs

// A CIE packed into a cached fact. All but very unusual CIEs fit.
struct cie_fact {
#if !RCGO_BIG_ENDIAN // is_fact has the lowest bits of the word
	uint64_t is_fact : RCGO_FACT_SHIFT;
#endif
	uint64_t code_align : 4;
	uint64_t ra : 6;
	uint64_t has_augmentation : 1;
	uint64_t signal_frame : 1;
	uint64_t cfa_reg : 6;
	uint64_t ra_rule : 2;
	int64_t data_align : 8;
	int64_t cfa_offset : 16;
	int64_t ra_value : 16;
#if RCGO_BIG_ENDIAN
	uint64_t is_fact : RCGO_FACT_SHIFT;
#endif
};
union cie_fact_word {
	struct cie_fact fields;
	uint64_t word;
};

_Static_assert(sizeof(struct cie_fact) == sizeof(uint64_t), "a word");
_Static_assert(RCGO_RULE_SAME < 3 && RCGO_RULE_UNDEFINED < 3 && RCGO_RULE_OFFSET == 2, "two bits");

// Packs the CIE of the FDE at address; returns 0 if it does not fit.
static RCGO_COLD uint64_t
make_cie_fact(const struct rcgo_cfi_area *area, uintptr_t address)
{
	struct rcgo_cfi_row row;
	struct rcgo_fde fde;
	union cie_fact_word fact = {.word = 0};
	struct cie_fact *to = &fact.fields;

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
	to->has_augmentation = fde.has_augmentation;
	to->signal_frame = fde.signal_frame;
	to->cfa_reg = row.cfa_reg & 63;
	to->cfa_offset = (int16_t)row.cfa_offset;
	to->ra_rule = row.reg_rule[RCGO_SLOT_RA] & 3;
	to->ra_value = (int16_t)row.value[RCGO_SLOT_RA];
	if (to->code_align != fde.code_align || to->data_align != fde.data_align ||
		to->ra != fde.ra || to->cfa_reg != row.cfa_reg ||
		to->cfa_offset != row.cfa_offset || to->ra_value != row.value[RCGO_SLOT_RA]) {
		return 0;
	}
	return fact.word;
}

// Loads the CIE at cie, which the FDE at address refers to.
bool
rcgo__cfi_fast_cie(const struct rcgo_cfi_area *area, uintptr_t cie, uintptr_t address,
	struct rcgo_cfi_fast *fast)
{
	union cie_fact_word fact = {.word = rcgo__cached_fact_load(cie, RCGO_FACT_CIE)};
	const struct cie_fact *from = &fact.fields;

	fast->cie = 0;
	if (fact.word == 0) {
		fact.word = make_cie_fact(area, address);
		if (fact.word == 0) {
			return false;
		}
		rcgo__cached_fact_store(cie, RCGO_FACT_CIE, fact.word);
	}
	fast->code_align = (uint32_t)from->code_align;
	fast->data_align = (int32_t)from->data_align;
	fast->ra = (uint32_t)from->ra;
	fast->has_augmentation = from->has_augmentation;
	fast->signal_frame = from->signal_frame;
	fast->initial.cfa_reg = (uint32_t)from->cfa_reg;
	fast->initial.cfa_offset = (int32_t)from->cfa_offset;
	fast->initial.reg_rule[RCGO_SLOT_FP] = RCGO_RULE_SAME;
	fast->initial.value[RCGO_SLOT_FP] = 0;
	fast->initial.reg_rule[RCGO_SLOT_RA] = from->ra_rule;
	fast->initial.value[RCGO_SLOT_RA] = (int32_t)from->ra_value;
	fast->cie = cie;
	return true;
}
