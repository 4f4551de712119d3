// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walk with all registers, for stacks with a frame whose rule is
// RCGO_RULE_SLOW. Nothing is taken from the cache of rules. Runs in handlers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_step.h"

#define ALL_KNOWN (~(uint64_t)0 >> (64 - RCGO_DW_REGS))
#define BIT(reg) ((uint64_t)1 << (reg))

static const uint16_t uc_regs[RCGO_DW_REGS] = RCGO_UC_REGS;
static const uint8_t kept_regs[RCGO_REGS_KEPT] = RCGO_DW_KEPT;

// The registers at the start of a walk.
RCGO_RAW_READS static void
first_regs(
	struct rcgo_frame_regs *regs, const struct rcgo_walk *walk, const struct rcgo_start *start)
{
	const char *uc = start->ucontext;

	regs->pc = walk->at.pc;
	regs->known = BIT(RCGO_DW_SP) | BIT(RCGO_DW_FP);
	if (uc != NULL) {
		for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
			regs->reg[i] = *(const uintptr_t *)(const void *)(uc + uc_regs[i]);
		}
		regs->known = ALL_KNOWN;
		return;
	}
	regs->reg[RCGO_DW_SP] = walk->at.sp;
	regs->reg[RCGO_DW_FP] = walk->at.fp;
	for (unsigned i = 0; i < RCGO_REGS_KEPT; i++) {
		regs->reg[kept_regs[i]] = start->saved->kept[i];
		regs->known |= start->saved->kept[i] != 0 ? BIT(kept_regs[i]) : 0;
	}
}

// Goes to what a handler's signal interrupted.
static bool
full_signal(struct rcgo_memory *memory, struct rcgo_frame_regs *regs)
{
	uintptr_t uc = regs->reg[RCGO_DW_SP] + RCGO_SIGFRAME_UC;

	if (!rcgo__memory_word(memory, uc + RCGO_UC_PC, &regs->pc)) {
		return false;
	}
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (!rcgo__memory_word(memory, uc + uc_regs[i], &regs->reg[i])) {
			return false;
		}
	}
	regs->known = ALL_KNOWN;
	rcgo__memory_stack(memory, regs->reg[RCGO_DW_SP]);
	return true;
}

// Goes to the caller where there is no unwind information.
static bool
full_guess(struct rcgo_memory *memory, struct rcgo_frame_regs *regs, bool exact)
{
	struct rcgo_place at = {
		.pc = regs->pc,
		.sp = regs->reg[RCGO_DW_SP],
		.fp = regs->reg[RCGO_DW_FP],
		.lr = RCGO_HAS_LR ? regs->reg[RCGO_DW_LR] : 0,
		.exact = exact,
	};

	if (!rcgo__guess_step(memory, &at)) {
		return false;
	}
	regs->pc = at.pc;
	regs->reg[RCGO_DW_SP] = at.sp;
	regs->reg[RCGO_DW_FP] = at.fp;
	return true;
}

static const uint8_t *
end_of(const struct rcgo_fde *fde, const uint8_t *expr)
{
	return expr >= fde->cie_ops && expr < fde->cie_end ? fde->cie_end : fde->fde_end;
}

// What a step needs.
struct full_step {
	struct rcgo_memory *memory;
	const struct rcgo_fde *fde;
	const struct rcgo_cfi_row *row;
	const struct rcgo_frame_regs *from;
	uintptr_t cfa;
};

static bool
find_cfa(struct full_step *s)
{
	const struct rcgo_cfi_row *row = s->row;

	if (row->cfa_expr != NULL) {
		return rcgo__dw_run(row->cfa_expr, end_of(s->fde, row->cfa_expr), s->from, NULL,
			s->memory, &s->cfa);
	}
	if (row->cfa_reg >= RCGO_DW_REGS || (s->from->known & BIT(row->cfa_reg)) == 0) {
		return false;
	}
	s->cfa = s->from->reg[row->cfa_reg] + (uintptr_t)row->cfa_offset;
	return true;
}

// The caller's register reg. Returns false when it cannot be known.
static bool
find_reg(const struct full_step *s, unsigned reg, uintptr_t *value)
{
	int32_t n = s->row->value[reg];
	const uint8_t *expr = s->fde->fde_ops + n;
	uintptr_t at = s->cfa + (uintptr_t)(intptr_t)n;

	switch (s->row->how[reg]) {
	case RCGO_HOW_SAME:
		*value = s->from->reg[reg];
		return (s->from->known & BIT(reg)) != 0;
	case RCGO_HOW_OFFSET:
		return rcgo__memory_word(s->memory, at, value);
	case RCGO_HOW_VAL_OFFSET:
		*value = at;
		return true;
	case RCGO_HOW_REGISTER:
		if ((uint32_t)n >= RCGO_DW_REGS) {
			return false;
		}
		*value = s->from->reg[n];
		return (s->from->known & BIT(n)) != 0;
	case RCGO_HOW_EXPR:
		return rcgo__dw_run(expr, end_of(s->fde, expr), s->from, &s->cfa, s->memory, &at) &&
		       rcgo__memory_word(s->memory, at, value);
	case RCGO_HOW_VAL_EXPR:
		return rcgo__dw_run(expr, end_of(s->fde, expr), s->from, &s->cfa, s->memory, value);
	default: // RCGO_HOW_UNDEFINED
		return false;
	}
}

// Goes to the caller by a row. Returns false at the outermost frame and where the row makes no
// sense.
static bool
apply_row(struct full_step *s, bool exact, struct rcgo_frame_regs *to)
{
	uint32_t ra = s->fde->ra;
	uintptr_t sp = s->from->reg[RCGO_DW_SP];

	if (ra >= RCGO_DW_REGS || s->row->how[ra] == RCGO_HOW_UNDEFINED || !find_cfa(s) ||
		(!RCGO_HAS_LR && s->row->how[ra] == RCGO_HOW_SAME)) {
		return false;
	}
	to->known = 0;
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (i == RCGO_DW_SP && s->row->how[i] == RCGO_HOW_SAME) {
			to->reg[i] = s->cfa;
			to->known |= BIT(i);
		} else if (find_reg(s, i, &to->reg[i])) {
			to->known |= BIT(i);
		} else {
			to->reg[i] = 0;
		}
	}
	if ((to->known & BIT(ra)) == 0 || (to->known & BIT(RCGO_DW_SP)) == 0) {
		return false;
	}
	to->pc = rcgo__arch_strip(to->reg[ra]);
	// A call has overwritten the link register of all frames but an interrupted one.
	if (RCGO_HAS_LR && !s->fde->interrupted) {
		to->known &= ~BIT(RCGO_DW_LR);
	}
	// longjmp and its like go to another stack, and are then the innermost frame.
	if (exact && to->reg[RCGO_DW_SP] < sp) {
		rcgo__memory_stack(s->memory, to->reg[RCGO_DW_SP]);
		return true;
	}
	return to->reg[RCGO_DW_SP] >= sp + !exact && to->reg[RCGO_DW_SP] % RCGO_WORD_SIZE == 0;
}

// Goes from regs, in the current object when known, to the caller. *exact changes with it. With
// found NULL *missing says that the object's unwind information has to be looked for elsewhere. Not
// inlined: what it has on the stack must not be there while something is looked for.
static __attribute__((noinline)) bool
full_step(struct rcgo_walk *walk, struct rcgo_frame_regs *regs, bool known, bool *exact,
	const struct rcgo_debug_frame *found, bool *missing)
{
	bool was_exact = *exact;
	uintptr_t pc = regs->pc - !was_exact;
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;
	struct rcgo_frame_regs to;
	struct full_step s = {
		.memory = &walk->memory, .fde = &fde, .row = &row, .from = regs, .cfa = 0};

	if (known ? rcgo__walk_is_sigreturn(walk, regs->pc) : rcgo__guess_is_sigreturn(regs->pc)) {
		*exact = true;
		return full_signal(&walk->memory, regs);
	}
	if (known && !rcgo__walk_fde(walk, pc, found, &fde, &copy)) {
		known = false;
		if (found == NULL) {
			*missing = true;
			return false;
		}
	}
	*exact = false;
	if (!known || !rcgo__cfi_row(&fde, pc, false, &row)) {
		return full_guess(&walk->memory, regs, was_exact);
	}
	if (!apply_row(&s, was_exact, &to)) {
		return false;
	}
	*regs = to;
	*exact = fde.interrupted;
	return regs->pc % RCGO_PC_ALIGN == 0;
}

// Whether the place, in the current object, is in Go's code.
static __attribute__((noinline)) bool
full_in_go(const struct rcgo_walk *walk, uintptr_t pc)
{
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;

	return rcgo__walk_made_by_go(walk) && !rcgo__walk_fde(walk, pc, NULL, &fde, &copy);
}

static bool
full_step_any(struct rcgo_walk *walk, struct rcgo_frame_regs *regs, bool known, bool *exact)
{
	struct rcgo_debug_frame found;
	bool missing = false;
	bool stepped = full_step(walk, regs, known, exact, NULL, &missing);

	if (missing) {
		known = rcgo__walk_debug(walk, regs->pc - !*exact, &found);
		stepped = full_step(walk, regs, known, exact, &found, &missing);
	}
	return stepped;
}

void
rcgo__walk_full(struct rcgo_walk *walk, const struct rcgo_start *start)
{
	struct rcgo_frame_regs regs;
	bool exact = walk->at.exact;

	first_regs(&regs, walk, start);
	if (regs.pc == 0 && exact && full_guess(&walk->memory, &regs, true)) {
		exact = false;
	}
	while (walk->n < walk->max && regs.pc != 0) {
		uintptr_t pc = regs.pc - !exact;
		bool known;

		if (rcgo__walk_in_go(regs.pc)) {
			break;
		}
		known = rcgo__walk_object(walk, pc);
		if (!known && !exact && !rcgo__guess_is_return(regs.pc) &&
			!rcgo__guess_is_sigreturn(regs.pc)) {
			break;
		}
		if (known && full_in_go(walk, pc)) {
			break;
		}
		if (walk->skip > 0) {
			walk->skip--;
		} else {
			walk->pcs[walk->n++] = pc;
		}
		if (!full_step_any(walk, &regs, known, &exact)) {
			break;
		}
	}
}
