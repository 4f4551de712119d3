// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: packs a row into a rule. Expressions for the CFA are worked out as
// far as that goes without registers: those of PLTs and of realigned frames then fit too. Runs
// anywhere.

#include "rcgo_cfi.h"
#include "rcgo_dw_op.h"
#include "rcgo_rule.h"

// What an expression has on its stack: a number, sp or fp plus a number, or the word at such a
// place plus add.
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

// Operators of two values: on numbers, but for plus.
static void
sym_binary(struct sym_stack *s, uint8_t op)
{
	struct sym b = sym_pop(s);
	struct sym a = sym_pop(s);

	if (op == RCGO_OP_PLUS && b.base == SYM_NUMBER) {
		sym_plus(s, a, b.offset);
	} else if (op == RCGO_OP_PLUS && a.base == SYM_NUMBER) {
		sym_plus(s, b, a.offset);
	} else {
		uint64_t result = 0;

		s->bad |= a.base != SYM_NUMBER || b.base != SYM_NUMBER ||
			  !rcgo__dw_binary(op, (uint64_t)a.offset, (uint64_t)b.offset, &result);
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

		if (rcgo__dw_constant(op, &c, &n)) {
			sym_push(&s, SYM_NUMBER, (int64_t)n);
		} else if (op == RCGO_OP_BREG0 + RCGO_DW_SP) {
			sym_push(&s, SYM_SP, rcgo__cursor_sleb(&c));
		} else if (op == RCGO_OP_BREG0 + RCGO_DW_FP) {
			sym_push(&s, SYM_FP, rcgo__cursor_sleb(&c));
		} else if (op == (uint8_t)(RCGO_OP_BREG0 + RCGO_DW_PC) && RCGO_DW_PC < 32) {
			sym_push(&s, SYM_NUMBER, (int64_t)pc + rcgo__cursor_sleb(&c));
		} else if (op == RCGO_OP_PLUS_UCONST) {
			sym_plus(&s, sym_pop(&s), (int64_t)rcgo__cursor_uleb(&c));
		} else if (op == RCGO_OP_DEREF) {
			sym_load(&s);
		} else {
			sym_binary(&s, op);
		}
	}
	result = sym_pop(&s);
	*ok = !c.bad && !s.bad && result.base != SYM_NUMBER;
	return result;
}

// The CFA's part of a rule; 0 when it does not fit.
static uint64_t
cfa_rule(const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row)
{
	static const uint8_t kinds[] = {
		[SYM_SP] = RCGO_RULE_SP,
		[SYM_FP] = RCGO_RULE_FP,
		[SYM_SP_LOAD] = RCGO_RULE_SP_LOAD,
		[SYM_FP_LOAD] = RCGO_RULE_FP_LOAD,
	};
	struct sym cfa = {.base = SYM_NUMBER, .offset = row->cfa_offset, .add = 0};
	bool ok = true;
	uint64_t rule;

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
	rule = kinds[cfa.base] | (uint64_t)cfa.add / RCGO_WORD_SIZE << RCGO_RULE_ADD_AT;
	return rcgo__rule_put_word(&rule, RCGO_RULE_FIELD_CFA, cfa.offset) ? rule : 0;
}

uint64_t
rcgo__cfi_rule(const struct rcgo_fde *fde, uintptr_t pc, const struct rcgo_cfi_row *row)
{
	unsigned ra = row->how[RCGO_SLOT_RA];
	unsigned fp = row->how[RCGO_SLOT_FP];
	int64_t ra_at = row->value[RCGO_SLOT_RA];
	int32_t fp_at = ra == RCGO_HOW_OFFSET ? row->value[RCGO_SLOT_RA] : 0;
	uint64_t rule;

	if (ra == RCGO_HOW_UNDEFINED) {
		return RCGO_RULE_END;
	}
	rule = cfa_rule(fde, pc, row);
	if (rule == 0) {
		return RCGO_RULE_SLOW;
	}
	if (!RCGO_RULE_LOADS(rule)) {
		ra_at += (int64_t)RCGO_RULE_CFA(rule);
	}
	if (RCGO_HAS_LR && ra == RCGO_HOW_SAME) {
		rule |= RCGO_RULE_RA_IN_LR;
	} else if (ra != RCGO_HOW_OFFSET ||
		   !rcgo__rule_put_word(&rule, RCGO_RULE_FIELD_RA, ra_at)) {
		return RCGO_RULE_SLOW;
	}
	if (fp == RCGO_HOW_OFFSET) {
		rule |= RCGO_RULE_FP_SAVED;
		fp_at = row->value[RCGO_SLOT_FP];
	} else if (fp != RCGO_HOW_SAME && fp != RCGO_HOW_UNDEFINED) {
		return RCGO_RULE_SLOW;
	}
	if (!rcgo__rule_put_word(&rule, RCGO_RULE_FIELD_FP, fp_at)) {
		return RCGO_RULE_SLOW;
	}
	return rule | (fde->interrupted ? RCGO_RULE_INTERRUPTED : 0);
}
