// SPDX-License-Identifier: BSD-3-Clause
// Executes the instructions of an FDE up to a program counter, and packs the resulting row into an
// unwind-cache entry. Safe in signal handlers, on any stack.

#include "cfi.h"
#include "dwarf_expr.h"
#include "safe_read.h"
#include "unwind_cache.h"

#define REMEMBERED_MAX 3 // compilers nest one

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

// The empty asm prevents the compiler from turning the loop into a call of memcpy. The first such
// call enters the dynamic linker, which uses 3 KB of stack.
static void
copy_cfi_row(struct rcgo_cfi_row *to, const struct rcgo_cfi_row *from, unsigned width)
{
	to->cfa_expr = from->cfa_expr;
	to->cfa_offset = from->cfa_offset;
	to->cfa_reg = from->cfa_reg;
	for (unsigned i = 0; i < width; i++) {
		to->value[i] = from->value[i];
		to->reg_rule[i] = from->reg_rule[i];
		__asm__("" ::: "memory");
	}
}

// Returns the slot of a register; run->width if the register is not tracked.
static unsigned
cfi_slot_of(const struct cfi_run *run, uint64_t reg)
{
	if (!run->compact) {
		return reg < RCGO_DW_REGS ? (unsigned)reg : run->width;
	}
	return reg == RCGO_DW_FP ? RCGO_SLOT_FP : reg == run->fde->ra ? RCGO_SLOT_RA : run->width;
}

static void
set_slot(struct cfi_run *run, uint64_t reg, enum rcgo_cfi_register_rule reg_rule, int64_t value)
{
	unsigned slot = cfi_slot_of(run, reg);

	if (slot < run->width) {
		run->row->reg_rule[slot] = (uint8_t)reg_rule;
		run->row->value[slot] = (int32_t)value;
		run->c.bad |= value != (int32_t)value;
	}
}

static void
restore_slot(struct cfi_run *run, uint64_t reg)
{
	unsigned slot = cfi_slot_of(run, reg);

	if (slot < run->width) {
		run->row->reg_rule[slot] = run->initial.reg_rule[slot];
		run->row->value[slot] = run->initial.value[slot];
	}
	run->c.bad |= run->in_cie;
}

static int64_t
factored(const struct cfi_run *run, int64_t n)
{
	return (int64_t)((uint64_t)n * (uint64_t)run->fde->data_align);
}

// Skips an expression. Returns its offset, as a slot stores it.
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

// Executes the instructions that define the CFA.
static void
op_cfa(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	struct rcgo_cfi_row *row = run->row;

	switch (op) {
	case DW_CFA_def_cfa:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_offset = (int64_t)rcgo__cursor_uleb(c);
		row->cfa_expr = NULL;
		break;
	case DW_CFA_def_cfa_sf:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_offset = factored(run, rcgo__cursor_sleb(c));
		row->cfa_expr = NULL;
		break;
	case DW_CFA_def_cfa_register:
		row->cfa_reg = (uint32_t)rcgo__cursor_uleb(c);
		row->cfa_expr = NULL;
		break;
	case DW_CFA_def_cfa_offset:
		row->cfa_offset = (int64_t)rcgo__cursor_uleb(c);
		break;
	case DW_CFA_def_cfa_offset_sf:
		row->cfa_offset = factored(run, rcgo__cursor_sleb(c));
		break;
	case DW_CFA_def_cfa_expression:
		row->cfa_expr = rcgo__cursor_block(c);
		break;
	case DW_CFA_GNU_args_size:
		rcgo__cursor_uleb(c);
		break;
	default:
		c->bad = true;
	}
}

// Executes the instructions that define a register rule. Passes all others to op_cfa.
static void
op_register(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	uint64_t reg;

	if (op < DW_CFA_offset_extended || (op >= DW_CFA_def_cfa && op < DW_CFA_expression) ||
		op == DW_CFA_def_cfa_sf || op == DW_CFA_def_cfa_offset_sf ||
		(op > DW_CFA_val_expression && op != DW_CFA_GNU_negative_offset_extended)) {
		op_cfa(run, op);
		return;
	}
	reg = rcgo__cursor_uleb(c);
	switch (op) {
	case DW_CFA_offset_extended:
		set_slot(run, reg, RCGO_RULE_OFFSET, factored(run, (int64_t)rcgo__cursor_uleb(c)));
		break;
	case DW_CFA_offset_extended_sf:
		set_slot(run, reg, RCGO_RULE_OFFSET, factored(run, rcgo__cursor_sleb(c)));
		break;
	case DW_CFA_GNU_negative_offset_extended:
		set_slot(run, reg, RCGO_RULE_OFFSET, factored(run, -(int64_t)rcgo__cursor_uleb(c)));
		break;
	case DW_CFA_val_offset:
		set_slot(run, reg, RCGO_RULE_VAL_OFFSET,
			factored(run, (int64_t)rcgo__cursor_uleb(c)));
		break;
	case DW_CFA_val_offset_sf:
		set_slot(run, reg, RCGO_RULE_VAL_OFFSET, factored(run, rcgo__cursor_sleb(c)));
		break;
	case DW_CFA_restore_extended:
		restore_slot(run, reg);
		break;
	case DW_CFA_undefined:
		set_slot(run, reg, RCGO_RULE_UNDEFINED, 0);
		break;
	case DW_CFA_same_value:
		set_slot(run, reg, RCGO_RULE_SAME, 0);
		break;
	case DW_CFA_register:
		set_slot(run, reg, RCGO_RULE_REGISTER, (int64_t)(uint32_t)rcgo__cursor_uleb(c));
		break;
	case DW_CFA_expression:
		set_slot(run, reg, RCGO_RULE_EXPR, expression(run));
		break;
	default: // DW_CFA_val_expression
		set_slot(run, reg, RCGO_RULE_VAL_EXPR, expression(run));
	}
}

// Executes all instructions except those with an operand in the opcode. Returns whether it advanced
// loc.
static bool
op_extended(struct cfi_run *run, uint8_t op)
{
	struct rcgo_cursor *c = &run->c;
	const struct rcgo_fde *fde = run->fde;

	switch (op) {
	case DW_CFA_nop:
	case DW_CFA_AARCH64_negate_ra_state: // signatures are always stripped
	case DW_CFA_AARCH64_negate_ra_state_with_pc:
		return false;
	case DW_CFA_set_loc:
		run->loc = rcgo__cursor_address(c, fde->encoding, fde->moved, 0);
		return true;
	case DW_CFA_advance_loc1:
		run->loc += rcgo__cursor_fixed(c, 1) * fde->code_align;
		return true;
	case DW_CFA_advance_loc2:
		run->loc += rcgo__cursor_fixed(c, 2) * fde->code_align;
		return true;
	case DW_CFA_advance_loc4:
		run->loc += rcgo__cursor_fixed(c, 4) * fde->code_align;
		return true;
	case DW_CFA_MIPS_advance_loc8:
		run->loc += rcgo__cursor_fixed(c, 8) * fde->code_align;
		return true;
	case DW_CFA_remember_state:
		op_remember(run);
		return false;
	case DW_CFA_restore_state:
		op_restore_state(run);
		return false;
	default:
		op_register(run, op);
		return false;
	}
}

// Executes instructions until one advances loc past pc.
RCGO_UNINSTRUMENTED_READS static bool
run_ops_until(struct cfi_run *run, uintptr_t pc)
{
	struct rcgo_cursor *c = &run->c;

	while (c->at < c->end && !c->bad) {
		uint8_t op = *c->at++;
		unsigned low = op & 0x3f;
		bool moved = false;

		switch (op & 0xc0) {
		case DW_CFA_advance_loc:
			run->loc += low * run->fde->code_align;
			moved = true;
			break;
		case DW_CFA_offset:
			set_slot(run, low, RCGO_RULE_OFFSET,
				factored(run, (int64_t)rcgo__cursor_uleb(c)));
			break;
		case DW_CFA_restore:
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
		row->reg_rule[i] = RCGO_RULE_SAME;
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

// Packing of a row into an unwind-cache entry. CFA expressions are evaluated symbolically, without
// register values. The expressions of PLTs and of realigned frames then fit into an entry too.

// A symbolic stack value: a number; sp or fp plus offset; or the word at such an address plus add.
enum sym_base {
	SYM_NUMBER,
	SYM_SP,
	SYM_FP,
	SYM_SP_LOAD,
	SYM_FP_LOAD,
};
struct sym {
	enum sym_base base;
	int64_t offset;
	int64_t add;
};

#define SYM_MAX 8
struct sym_stack {
	struct sym top[SYM_MAX];
	unsigned depth;
	bool bad;
};

static void
sym_push(struct sym_stack *s, enum sym_base base, int64_t offset)
{
	if (s->depth < SYM_MAX) {
		s->top[s->depth++] = (struct sym){.base = base, .offset = offset, .add = 0};
	} else {
		s->bad = true;
	}
}

static struct sym
sym_pop(struct sym_stack *s)
{
	if (s->depth > 0) {
		return s->top[--s->depth];
	}
	s->bad = true;
	return (struct sym){.base = SYM_NUMBER, .offset = 0, .add = 0};
}

static void
sym_plus(struct sym_stack *s, struct sym value, int64_t n)
{
	int64_t *to = value.base >= SYM_SP_LOAD ? &value.add : &value.offset;

	if (__builtin_add_overflow(*to, n, to)) {
		s->bad = true;
	}
	sym_push(s, value.base, value.offset);
	if (!s->bad) {
		s->top[s->depth - 1].add = value.add;
	}
}

static void
sym_load(struct sym_stack *s)
{
	struct sym value = sym_pop(s);

	s->bad |= value.base != SYM_SP && value.base != SYM_FP;
	sym_push(s, value.base == SYM_SP ? SYM_SP_LOAD : SYM_FP_LOAD, value.offset);
}

// Applies a binary operator. The operands must be numbers, except for plus.
static void
sym_binary(struct sym_stack *s, uint8_t op)
{
	struct sym b = sym_pop(s);
	struct sym a = sym_pop(s);

	if (op == DW_OP_PLUS && b.base == SYM_NUMBER) {
		sym_plus(s, a, b.offset);
	} else if (op == DW_OP_PLUS && a.base == SYM_NUMBER) {
		sym_plus(s, b, a.offset);
	} else {
		uint64_t result = 0;

		s->bad |= a.base != SYM_NUMBER || b.base != SYM_NUMBER ||
			  !rcgo__dwarf_expr_binary(
				  op, (uint64_t)a.offset, (uint64_t)b.offset, &result);
		sym_push(s, SYM_NUMBER, (int64_t)result);
	}
}

static struct sym
sym_evaluate(const uint8_t *expr, const uint8_t *end, uintptr_t pc, bool *ok)
{
	struct sym_stack s = {.depth = 0, .bad = false};
	struct rcgo_cursor c = rcgo__cursor(expr, end);
	uint64_t size = rcgo__cursor_uleb(&c);
	struct sym result;

	c.end = size <= (uint64_t)(c.end - c.at) ? c.at + size : c.at;
	while (c.at < c.end && !c.bad && !s.bad) {
		uint8_t op = (uint8_t)rcgo__cursor_fixed(&c, 1);
		uint64_t n = 0;

		if (rcgo__dwarf_expr_constant(op, &c, &n)) {
			sym_push(&s, SYM_NUMBER, (int64_t)n);
		} else if (op == DW_OP_BREG0 + RCGO_DW_SP) {
			sym_push(&s, SYM_SP, rcgo__cursor_sleb(&c));
		} else if (op == DW_OP_BREG0 + RCGO_DW_FP) {
			sym_push(&s, SYM_FP, rcgo__cursor_sleb(&c));
		} else if (op == (uint8_t)(DW_OP_BREG0 + RCGO_DW_PC) && RCGO_DW_PC < 32) {
			sym_push(&s, SYM_NUMBER,
				(int64_t)((uint64_t)pc + (uint64_t)rcgo__cursor_sleb(&c)));
		} else if (op == DW_OP_PLUS_UCONST) {
			sym_plus(&s, sym_pop(&s), (int64_t)rcgo__cursor_uleb(&c));
		} else if (op == DW_OP_DEREF) {
			sym_load(&s);
		} else {
			sym_binary(&s, op);
		}
	}
	result = sym_pop(&s);
	*ok = !c.bad && !s.bad && result.base != SYM_NUMBER;
	return result;
}

// Returns the CFA fields of an entry; 0 if the CFA does not fit.
static uint64_t
cfa_entry(const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row)
{
	static const uint8_t kinds[] = {
		[SYM_SP] = RCGO_UNWIND_ENTRY_SP,
		[SYM_FP] = RCGO_UNWIND_ENTRY_FP,
		[SYM_SP_LOAD] = RCGO_UNWIND_ENTRY_SP_LOAD,
		[SYM_FP_LOAD] = RCGO_UNWIND_ENTRY_FP_LOAD,
	};
	struct sym cfa = {.base = SYM_NUMBER, .offset = row->cfa_offset, .add = 0};
	bool ok = true;
	uint64_t entry;

	if (row->cfa_expr != NULL) {
		bool in_cie = row->cfa_expr >= fde->cie_ops && row->cfa_expr < fde->cie_end;

		cfa = sym_evaluate(row->cfa_expr, in_cie ? fde->cie_end : fde->fde_end, pc, &ok);
	} else if (row->cfa_reg == RCGO_DW_SP) {
		cfa.base = SYM_SP;
	} else if (row->cfa_reg == RCGO_DW_FP) {
		cfa.base = SYM_FP;
	} else {
		return 0;
	}
	if (!ok || cfa.add < 0 || cfa.add % (int64_t)RCGO_WORD_SIZE != 0 ||
		cfa.add / (int64_t)RCGO_WORD_SIZE > 15) {
		return 0;
	}
	entry = kinds[cfa.base] | (uint64_t)cfa.add / RCGO_WORD_SIZE << RCGO_UNWIND_ENTRY_ADD_AT;
	return rcgo__unwind_entry_put_word(&entry, RCGO_UNWIND_ENTRY_FIELD_CFA, cfa.offset) ? entry
											    : 0;
}

uint64_t
rcgo__cfi_unwind_entry(const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row)
{
	unsigned ra = row->reg_rule[RCGO_SLOT_RA];
	unsigned fp = row->reg_rule[RCGO_SLOT_FP];
	int64_t ra_at = row->value[RCGO_SLOT_RA];
	int32_t fp_at = ra == RCGO_RULE_OFFSET ? row->value[RCGO_SLOT_RA] : 0;
	uint64_t entry;

	if (ra == RCGO_RULE_UNDEFINED) {
		return RCGO_UNWIND_ENTRY_END;
	}
	entry = cfa_entry(fde, pc, row);
	if (entry == 0) {
		return RCGO_UNWIND_ENTRY_SLOW;
	}
	if (!RCGO_UNWIND_ENTRY_LOADS(entry)) {
		ra_at += (int64_t)RCGO_UNWIND_ENTRY_CFA(entry);
	}
	if (RCGO_HAS_LR && ra == RCGO_RULE_SAME) {
		entry |= RCGO_UNWIND_ENTRY_RA_IN_LR;
	} else if (ra != RCGO_RULE_OFFSET ||
		   !rcgo__unwind_entry_put_word(&entry, RCGO_UNWIND_ENTRY_FIELD_RA, ra_at)) {
		return RCGO_UNWIND_ENTRY_SLOW;
	}
	if (fp == RCGO_RULE_OFFSET) {
		entry |= RCGO_UNWIND_ENTRY_FP_SAVED;
		fp_at = row->value[RCGO_SLOT_FP];
	} else if (fp != RCGO_RULE_SAME && fp != RCGO_RULE_UNDEFINED) {
		return RCGO_UNWIND_ENTRY_SLOW;
	}
	if (!rcgo__unwind_entry_put_word(&entry, RCGO_UNWIND_ENTRY_FIELD_FP, fp_at)) {
		return RCGO_UNWIND_ENTRY_SLOW;
	}
	return entry | (fde->signal_frame ? RCGO_UNWIND_ENTRY_INTERRUPTED : 0);
}
