// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: rules of ordinary functions, in one pass. Runs anywhere.

#include "rcgo_cfi_quick.h"
#include "rcgo_cfi_op.h"
#include "rcgo_probe.h"
#include "rcgo_rule.h"

#define FDE_LEAST 20 // length, CIE, address, size, and at least a word of instructions
#define FDE_MOST 65536
#define OPERAND_MAX (1 << 24)

struct quick_run {
	struct rcgo_cursor c;
	const struct rcgo_cfi_quick *quick;
	struct rcgo_quick_row row;
	struct rcgo_quick_row remembered;
	bool has_remembered;
};

RCGO_RAW_READS static inline uint32_t
word32_at(const uint8_t *at)
{
	uint32_t word;

	__builtin_memcpy(&word, at, sizeof word);
	return word;
}

RCGO_RAW_READS static inline uint32_t
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

RCGO_RAW_READS static inline void
quick_offset(struct quick_run *run, uint32_t reg)
{
	int64_t value = (int64_t)quick_uleb(&run->c) * run->quick->data_align;
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.how[slot] = RCGO_HOW_OFFSET;
		run->row.value[slot] = (int32_t)value;
		run->c.bad |= value != (int32_t)value;
	}
}

static inline void
quick_undefined(struct quick_run *run, uint32_t reg)
{
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.how[slot] = RCGO_HOW_UNDEFINED;
		run->row.value[slot] = 0;
	}
}

static inline void
quick_restore(struct quick_run *run, uint32_t reg)
{
	unsigned slot = quick_slot(run, reg);

	if (slot < RCGO_SLOTS_COMPACT) {
		run->row.how[slot] = run->quick->initial.how[slot];
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
RCGO_RAW_READS static inline void
quick_extended(struct quick_run *run, uint8_t op)
{
	switch (op) {
	case OP_NOP:
	case OP_NEGATE_RA_STATE:
		break;
	case OP_DEF_CFA:
		run->row.cfa_reg = quick_uleb(&run->c);
		run->row.cfa_offset = (int32_t)quick_uleb(&run->c);
		break;
	case OP_DEF_CFA_REGISTER:
		run->row.cfa_reg = quick_uleb(&run->c);
		break;
	case OP_DEF_CFA_OFFSET:
		run->row.cfa_offset = (int32_t)quick_uleb(&run->c);
		break;
	case OP_OFFSET_EXTENDED:
		quick_offset(run, quick_uleb(&run->c));
		break;
	case OP_RESTORE_EXTENDED:
		quick_restore(run, quick_uleb(&run->c));
		break;
	case OP_UNDEFINED:
		quick_undefined(run, quick_uleb(&run->c));
		break;
	case OP_GNU_ARGS_SIZE:
		quick_uleb(&run->c);
		break;
	case OP_REMEMBER_STATE:
	case OP_RESTORE_STATE:
		quick_state(run, op == OP_REMEMBER_STATE);
		break;
	default:
		run->c.bad = true;
	}
}

// Runs instructions until one moves behind left, counted from the function's start.
RCGO_RAW_READS static bool
quick_ops(struct quick_run *run, uintptr_t left)
{
	struct rcgo_cursor *c = &run->c;

	while (c->at < c->end && !c->bad) {
		uint8_t op = *c->at++;
		uintptr_t step = op & 0x3f;

		switch (op & 0xc0) {
		case OP_OFFSET:
			quick_offset(run, op & 0x3f);
			continue;
		case OP_RESTORE:
			quick_restore(run, op & 0x3f);
			continue;
		case OP_ADVANCE:
			break;
		default:
			if (op < OP_ADVANCE1 || op > OP_ADVANCE4) {
				quick_extended(run, op);
				continue;
			}
			step = (uintptr_t)rcgo__cursor_fixed(c, 1U << (op - OP_ADVANCE1));
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

	if (RCGO_LIKELY((address ^ *page) < RCGO_PROBE_PAGE && (last ^ *page) < RCGO_PROBE_PAGE &&
			last < area->end)) {
		return (const uint8_t *)address;
	}
	if (rcgo__cfi_view(area, address, size, NULL, 0) == NULL) {
		return NULL;
	}
	*page = last & ~(uintptr_t)(RCGO_PROBE_PAGE - 1);
	return (const uint8_t *)address;
}

RCGO_RAW_READS bool
rcgo__cfi_quick_code(const struct rcgo_cfi_area *area, uintptr_t pc, struct rcgo_cfi_quick *quick)
{
	const uint8_t *code = quick_view(area, pc, 1, &quick->code_page);

	return code != NULL && !rcgo__arch_may_be_sigreturn(*code);
}

// Finds the instructions of the FDE at address. *left is how far pc is from the function's start.
RCGO_RAW_READS static bool
quick_fde(const struct rcgo_cfi_area *area, uintptr_t address, uintptr_t pc,
	struct rcgo_cfi_quick *quick, struct rcgo_cursor *c, uintptr_t *left)
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
		(cie == address + 4 || !rcgo__cfi_quick_cie(area, cie, address, quick))) {
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
rcgo__cfi_quick(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size, uintptr_t pc,
	struct rcgo_cfi_quick *quick)
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
		return RCGO_RULE_NONE;
	}
	run.quick = quick;
	run.row = quick->initial;
	run.has_remembered = false;
	if (!quick_ops(&run, left)) {
		return RCGO_RULE_NONE;
	}
	row.cfa_expr = NULL;
	row.cfa_offset = run.row.cfa_offset;
	row.cfa_reg = run.row.cfa_reg;
	for (unsigned slot = 0; slot < RCGO_SLOTS_COMPACT; slot++) {
		row.how[slot] = run.row.how[slot];
		row.value[slot] = run.row.value[slot];
	}
	fde.interrupted = quick->interrupted;
	return rcgo__cfi_rule(&fde, pc, &row);
}
