// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: runs the instructions of an FDE up to a program counter. Runs
// anywhere.

#include "rcgo_cfi.h"
#include "rcgo_cfi_op.h"
#include "rcgo_probe.h"

#define REMEMBERED_MAX 4

struct cfi_run {
	const struct rcgo_fde *fde;
	struct rcgo_cursor c;
	uintptr_t loc;
	struct rcgo_cfi_row *row;
	unsigned width; // slots in use
	bool compact;
	bool in_cie;
	unsigned depth;
	struct rcgo_cfi_row initial; // after the CIE
	struct rcgo_cfi_row remembered[REMEMBERED_MAX];
};

// The empty asm keeps the compiler from making a call of memcpy out of the loop: the first of those
// goes through the dynamic linker and takes 3 KB of stack.
static void
copy_cfi_row(struct rcgo_cfi_row *to, const struct rcgo_cfi_row *from, unsigned width)
{
	to->cfa_expr = from->cfa_expr;
	to->cfa_offset = from->cfa_offset;
	to->cfa_reg = from->cfa_reg;
	for (unsigned i = 0; i < width; i++) {
		to->value[i] = from->value[i];
		to->how[i] = from->how[i];
		__asm__("" ::: "memory");
	}
}

// The slot of a register; run->width for one that is not followed.
static unsigned
cfi_slot_of(const struct cfi_run *run, uint64_t reg)
{
	if (!run->compact) {
		return reg < RCGO_DW_REGS ? (unsigned)reg : run->width;
	}
	return reg == RCGO_DW_FP ? RCGO_SLOT_FP : reg == run->fde->ra ? RCGO_SLOT_RA : run->width;
}

static void
set_slot(struct cfi_run *run, uint64_t reg, enum rcgo_cfi_how how, int64_t value)
{
	unsigned slot = cfi_slot_of(run, reg);

	if (slot < run->width) {
		run->row->how[slot] = (uint8_t)how;
		run->row->value[slot] = (int32_t)value;
		run->c.bad |= value != (int32_t)value;
	}
}

static void
restore_slot(struct cfi_run *run, uint64_t reg)
{
	unsigned slot = cfi_slot_of(run, reg);

	if (slot < run->width) {
		run->row->how[slot] = run->initial.how[slot];
		run->row->value[slot] = run->initial.value[slot];
	}
	run->c.bad |= run->in_cie;
}

static int64_t
factored(const struct cfi_run *run, int64_t n)
{
	return (int64_t)((uint64_t)n * (uint64_t)run->fde->data_align);
}

// Where an expression lies, as a slot has it.
static int64_t
expression(struct cfi_run *run)
{
	return rcgo__cursor_block(&run->c) - run->fde->fde_ops;
}

static void
op_remember(struct cfi_run *run)
{
	if (run->depth < REMEMBERED_MAX) {
		copy_cfi_row(&run->remembered[run->depth++], run->row, run->width);
	} else {
		run->c.bad = true;
	}
}

static void
op_restore_state(struct cfi_run *run)
{
	if (run->depth > 0) {
		copy_cfi_row(run->row, &run->remembered[--run->depth], run->width);
	} else {
		run->c.bad = true;
	}
}

// The instructions that say where the CFA is.
static void
op_cfa(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	struct rcgo_cfi_row *row = run->row;

	switch (op) {
	case OP_DEF_CFA:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_offset = (int64_t)rcgo__cursor_uleb(c);
		row->cfa_expr = NULL;
		break;
	case OP_DEF_CFA_SF:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_offset = factored(run, rcgo__cursor_sleb(c));
		row->cfa_expr = NULL;
		break;
	case OP_DEF_CFA_REGISTER:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_expr = NULL;
		break;
	case OP_DEF_CFA_OFFSET:
		row->cfa_offset = (int64_t)rcgo__cursor_uleb(c);
		break;
	case OP_DEF_CFA_OFFSET_SF:
		row->cfa_offset = factored(run, rcgo__cursor_sleb(c));
		break;
	case OP_DEF_CFA_EXPRESSION:
		row->cfa_expr = rcgo__cursor_block(c);
		break;
	case OP_GNU_ARGS_SIZE:
		rcgo__cursor_uleb(c);
		break;
	default:
		c->bad = true;
	}
}

// The instructions that say where a register is; all others are passed on.
static void
op_register(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	uint64_t reg;

	if (op < OP_OFFSET_EXTENDED || (op >= OP_DEF_CFA && op < OP_EXPRESSION) ||
		op == OP_DEF_CFA_SF || op == OP_DEF_CFA_OFFSET_SF ||
		(op > OP_VAL_EXPRESSION && op != OP_GNU_NEGATIVE_OFFSET)) {
		op_cfa(run, op);
		return;
	}
	reg = rcgo__cursor_uleb(c);
	switch (op) {
	case OP_OFFSET_EXTENDED:
		set_slot(run, reg, RCGO_HOW_OFFSET, factored(run, (int64_t)rcgo__cursor_uleb(c)));
		break;
	case OP_OFFSET_EXTENDED_SF:
		set_slot(run, reg, RCGO_HOW_OFFSET, factored(run, rcgo__cursor_sleb(c)));
		break;
	case OP_GNU_NEGATIVE_OFFSET:
		set_slot(run, reg, RCGO_HOW_OFFSET, factored(run, -(int64_t)rcgo__cursor_uleb(c)));
		break;
	case OP_VAL_OFFSET:
		set_slot(run, reg, RCGO_HOW_VAL_OFFSET,
			factored(run, (int64_t)rcgo__cursor_uleb(c)));
		break;
	case OP_VAL_OFFSET_SF:
		set_slot(run, reg, RCGO_HOW_VAL_OFFSET, factored(run, rcgo__cursor_sleb(c)));
		break;
	case OP_RESTORE_EXTENDED:
		restore_slot(run, reg);
		break;
	case OP_UNDEFINED:
		set_slot(run, reg, RCGO_HOW_UNDEFINED, 0);
		break;
	case OP_SAME_VALUE:
		set_slot(run, reg, RCGO_HOW_SAME, 0);
		break;
	case OP_REGISTER:
		set_slot(run, reg, RCGO_HOW_REGISTER, (int64_t)(uint32_t)rcgo__cursor_uleb(c));
		break;
	case OP_EXPRESSION:
		set_slot(run, reg, RCGO_HOW_EXPR, expression(run));
		break;
	default: // OP_VAL_EXPRESSION
		set_slot(run, reg, RCGO_HOW_VAL_EXPR, expression(run));
	}
}

// All instructions but those with their operand in the opcode. Returns whether it moved loc.
static bool
op_extended(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	const struct rcgo_fde *fde = run->fde;

	switch (op) {
	case OP_NOP:
	case OP_NEGATE_RA_STATE: // signatures are always taken off
	case OP_NEGATE_RA_STATE_WITH_PC:
		return false;
	case OP_SET_LOC:
		run->loc = rcgo__cursor_address(c, fde->encoding, fde->moved, 0);
		return true;
	case OP_ADVANCE1:
		run->loc += rcgo__cursor_fixed(c, 1) * fde->code_align;
		return true;
	case OP_ADVANCE2:
		run->loc += rcgo__cursor_fixed(c, 2) * fde->code_align;
		return true;
	case OP_ADVANCE4:
		run->loc += rcgo__cursor_fixed(c, 4) * fde->code_align;
		return true;
	case OP_ADVANCE8:
		run->loc += rcgo__cursor_fixed(c, 8) * fde->code_align;
		return true;
	case OP_REMEMBER_STATE:
		op_remember(run);
		return false;
	case OP_RESTORE_STATE:
		op_restore_state(run);
		return false;
	default:
		op_register(run, op);
		return false;
	}
}

// Runs instructions until one moves behind pc.
RCGO_RAW_READS static bool
run_ops_until(struct cfi_run *run, uintptr_t pc)
{
	struct rcgo_cursor *c = &run->c;

	while (c->at < c->end && !c->bad) {
		uint8_t op = *c->at++;
		unsigned low = op & 0x3f;
		bool moved = false;

		switch (op & 0xc0) {
		case OP_ADVANCE:
			run->loc += low * run->fde->code_align;
			moved = true;
			break;
		case OP_OFFSET:
			set_slot(run, low, RCGO_HOW_OFFSET,
				factored(run, (int64_t)rcgo__cursor_uleb(c)));
			break;
		case OP_RESTORE:
			restore_slot(run, low);
			break;
		default:
			moved = op_extended(run, op);
		}
		if (moved && run->loc > pc) {
			break;
		}
	}
	return !c->bad;
}

bool
rcgo__cfi_row(const struct rcgo_fde *fde, uintptr_t pc, bool compact, struct rcgo_cfi_row *row)
{
	struct cfi_run run;

	run.fde = fde;
	run.row = row;
	run.compact = compact;
	run.width = compact ? RCGO_SLOTS_COMPACT : RCGO_DW_REGS;
	run.depth = 0;
	row->cfa_expr = NULL;
	row->cfa_offset = 0;
	row->cfa_reg = UINT32_MAX;
	for (unsigned i = 0; i < run.width; i++) {
		row->how[i] = RCGO_HOW_SAME;
		row->value[i] = 0;
	}
	run.loc = fde->start;
	run.in_cie = true;
	run.c = rcgo__cursor(fde->cie_ops, fde->cie_end);
	if (!run_ops_until(&run, UINTPTR_MAX)) {
		return false;
	}
	copy_cfi_row(&run.initial, row, run.width);
	run.in_cie = false;
	run.loc = fde->start;
	run.c = rcgo__cursor(fde->fde_ops, fde->fde_end);
	return run_ops_until(&run, pc);
}
