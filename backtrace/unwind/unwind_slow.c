// SPDX-License-Identifier: BSD-3-Clause
// The slow path: unwinding with all registers, for stacks with a frame whose entry is
// RCGO_UNWIND_ENTRY_SLOW. It does not use the unwind cache. The second half steps heuristically
// through frames without unwind information. Runs in signal handlers.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "unwind_step.h"

#define ALL_KNOWN (~(uint64_t)0 >> (64 - RCGO_DW_REGS))
#define BIT(reg) ((uint64_t)1 << (reg))

static const uint16_t uc_regs[RCGO_DW_REGS] = RCGO_UC_REGS;
static const uint8_t kept_regs[RCGO_REGS_KEPT] = RCGO_DW_KEPT;

// Sets the registers at the start of an unwind.
RCGO_UNINSTRUMENTED_READS static void
initial_regs(struct rcgo_frame_regs *regs, const struct rcgo_unwind *unwind,
	const struct rcgo_unwind_start *start)
{
	const char *uc = start->ucontext;

	regs->pc = unwind->frame.pc;
	regs->known = BIT(RCGO_DW_SP) | BIT(RCGO_DW_FP);
	if (uc != NULL) {
		for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
			regs->reg[i] = *(const uintptr_t *)(const void *)(uc + uc_regs[i]);
		}
		regs->known = ALL_KNOWN;
		return;
	}
	regs->reg[RCGO_DW_SP] = unwind->frame.sp;
	regs->reg[RCGO_DW_FP] = unwind->frame.fp;
	for (unsigned i = 0; i < RCGO_REGS_KEPT; i++) {
		regs->reg[kept_regs[i]] = start->saved->kept[i];
		regs->known |= start->saved->kept[i] != 0 ? BIT(kept_regs[i]) : 0;
	}
}

// Steps from a signal frame to the interrupted frame.
static bool
slow_signal(struct rcgo_stack_reader *reader, struct rcgo_frame_regs *regs)
{
	uintptr_t uc = regs->reg[RCGO_DW_SP] + RCGO_SIGFRAME_UC;

	rcgo__unwind_note_restorer(regs->pc);
	if (!rcgo__stack_reader_word(reader, uc + RCGO_UC_PC, &regs->pc)) {
		return false;
	}
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (!rcgo__stack_reader_word(reader, uc + uc_regs[i], &regs->reg[i])) {
			return false;
		}
	}
	regs->known = ALL_KNOWN;
	rcgo__stack_reader_set(reader, regs->reg[RCGO_DW_SP]);
	return true;
}

// Steps to the caller without unwind information.
static bool
slow_heuristic(struct rcgo_unwind *unwind, struct rcgo_frame_regs *regs, bool pc_is_precise)
{
	struct rcgo_unwind_frame frame = {
		.pc = regs->pc,
		.sp = regs->reg[RCGO_DW_SP],
		.fp = regs->reg[RCGO_DW_FP],
		.lr = RCGO_HAS_LR ? regs->reg[RCGO_DW_LR] : 0,
		.pc_is_precise = pc_is_precise,
	};

	if (!rcgo__heuristic_step(unwind, &frame)) {
		return false;
	}
	regs->pc = frame.pc;
	regs->reg[RCGO_DW_SP] = frame.sp;
	regs->reg[RCGO_DW_FP] = frame.fp;
	return true;
}

static const uint8_t *
expr_end(const struct rcgo_fde *fde, const uint8_t *expr)
{
	return expr >= fde->cie_ops && expr < fde->cie_end ? fde->cie_end : fde->fde_end;
}

// The inputs of a step.
struct slow_step {
	struct rcgo_stack_reader *reader;
	const struct rcgo_fde *fde;
	const struct rcgo_cfi_row *row;
	const struct rcgo_frame_regs *from;
	uintptr_t cfa;
};

static bool
find_cfa(struct slow_step *s)
{
	const struct rcgo_cfi_row *row = s->row;

	if (row->cfa_expr != NULL) {
		return rcgo__dwarf_expr_run(row->cfa_expr, expr_end(s->fde, row->cfa_expr), s->from,
			NULL, s->reader, &s->cfa);
	}
	if (row->cfa_reg >= RCGO_DW_REGS || (s->from->known & BIT(row->cfa_reg)) == 0) {
		return false;
	}
	s->cfa = s->from->reg[row->cfa_reg] + (uintptr_t)row->cfa_offset;
	return true;
}

// Computes the caller's register reg. Returns false if it cannot be known.
static bool
find_reg(const struct slow_step *s, unsigned reg, uintptr_t *value)
{
	int32_t n = s->row->value[reg];
	const uint8_t *expr = s->fde->fde_ops + n;
	uintptr_t at = s->cfa + (uintptr_t)(intptr_t)n;

	switch (s->row->reg_rule[reg]) {
	case RCGO_RULE_SAME:
		*value = s->from->reg[reg];
		return (s->from->known & BIT(reg)) != 0;
	case RCGO_RULE_OFFSET:
		return rcgo__stack_reader_word(s->reader, at, value);
	case RCGO_RULE_VAL_OFFSET:
		*value = at;
		return true;
	case RCGO_RULE_REGISTER:
		if ((uint32_t)n >= RCGO_DW_REGS) {
			return false;
		}
		*value = s->from->reg[n];
		return (s->from->known & BIT(n)) != 0;
	case RCGO_RULE_EXPR:
		return rcgo__dwarf_expr_run(
			       expr, expr_end(s->fde, expr), s->from, &s->cfa, s->reader, &at) &&
		       rcgo__stack_reader_word(s->reader, at, value);
	case RCGO_RULE_VAL_EXPR:
		return rcgo__dwarf_expr_run(
			expr, expr_end(s->fde, expr), s->from, &s->cfa, s->reader, value);
	default: // RCGO_RULE_UNDEFINED
		return false;
	}
}

// Steps to the caller by a row. Returns false at the outermost frame and if the row is invalid.
static bool
apply_row(struct slow_step *s, bool pc_is_precise, struct rcgo_frame_regs *to)
{
	uint32_t ra = s->fde->ra;
	uintptr_t sp = s->from->reg[RCGO_DW_SP];

	if (ra >= RCGO_DW_REGS || s->row->reg_rule[ra] == RCGO_RULE_UNDEFINED || !find_cfa(s) ||
		(!RCGO_HAS_LR && s->row->reg_rule[ra] == RCGO_RULE_SAME)) {
		return false;
	}
	to->known = 0;
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (i == RCGO_DW_SP && s->row->reg_rule[i] == RCGO_RULE_SAME) {
			to->reg[i] = RCGO_SP_OF_CFA(s->cfa);
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
	// A call has overwritten the link register in every frame except an interrupted one.
	if (RCGO_HAS_LR && !s->fde->signal_frame) {
		to->known &= ~BIT(RCGO_DW_LR);
	}
	// longjmp and similar functions switch to another stack, and are the innermost frame then.
	if (pc_is_precise && to->reg[RCGO_DW_SP] < sp) {
		rcgo__stack_reader_set(s->reader, to->reg[RCGO_DW_SP]);
		return true;
	}
	return to->reg[RCGO_DW_SP] >= sp + !pc_is_precise &&
	       to->reg[RCGO_DW_SP] % RCGO_WORD_SIZE == 0;
}

// The result of a step.
enum slow_result {
	SLOW_STEPPED,
	SLOW_LOST,
	SLOW_END,	// at the outermost frame
	SLOW_MISSING,	// the unwind information must be searched for in .debug_frame
	SLOW_HEURISTIC, // there is no unwind information
};

// Steps from regs to the caller. known means that regs is in the current object. Updates
// *pc_is_precise. Not inlined: its stack frame must not be live while unwind information is
// searched for.
static __attribute__((noinline)) enum slow_result
slow_step(struct rcgo_unwind *unwind, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise,
	const struct rcgo_debug_frame *found)
{
	uintptr_t pc = regs->pc - !*pc_is_precise;
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;
	struct rcgo_frame_regs to;
	struct slow_step s = {
		.reader = &unwind->reader, .fde = &fde, .row = &row, .from = regs, .cfa = 0};

	if (known ? rcgo__unwind_is_sigreturn(unwind, regs->pc)
		  : rcgo__code_is_sigreturn(regs->pc)) {
		*pc_is_precise = true;
		return slow_signal(&unwind->reader, regs) ? SLOW_STEPPED : SLOW_LOST;
	}
	if (known && !rcgo__unwind_fde(unwind, pc, found, &fde, &copy)) {
		return found == NULL ? SLOW_MISSING : SLOW_HEURISTIC;
	}
	if (!known || !rcgo__cfi_row(&fde, pc, false, &row)) {
		return SLOW_HEURISTIC;
	}
	if (!apply_row(&s, *pc_is_precise, &to)) {
		return fde.ra < RCGO_DW_REGS && row.reg_rule[fde.ra] == RCGO_RULE_UNDEFINED
			       ? SLOW_END
			       : SLOW_LOST;
	}
	*regs = to;
	*pc_is_precise = fde.signal_frame;
	return regs->pc % RCGO_PC_ALIGN == 0 ? SLOW_STEPPED : SLOW_LOST;
}

// Reports whether pc, in the current object, is beyond the boundary.
static __attribute__((noinline)) bool
slow_is_boundary(const struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;

	return rcgo__unwind_object_is_opaque(unwind) &&
	       !rcgo__unwind_fde(unwind, pc, NULL, &fde, &copy);
}

static enum slow_result
slow_step_any(
	struct rcgo_unwind *unwind, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise)
{
	enum slow_result result = slow_step(unwind, regs, known, pc_is_precise, NULL);

	if (result == SLOW_MISSING) {
		struct rcgo_debug_frame found;

		known = rcgo__unwind_debug(unwind, regs->pc - !*pc_is_precise, &found);
		result = slow_step(unwind, regs, known, pc_is_precise, &found);
	}
	if (result == SLOW_HEURISTIC) {
		result = slow_heuristic(unwind, regs, *pc_is_precise) ? SLOW_STEPPED : SLOW_LOST;
		*pc_is_precise = false;
	}
	return result;
}

// Not inlined: its registers must not be on the stack of a cached unwind.
__attribute__((noinline)) void
rcgo__unwind_slow(struct rcgo_unwind *unwind, const struct rcgo_unwind_start *start)
{
	struct rcgo_frame_regs regs;
	bool pc_is_precise = unwind->frame.pc_is_precise;

	initial_regs(&regs, unwind, start);
	if (regs.pc == 0 && pc_is_precise && slow_heuristic(unwind, &regs, true)) {
		pc_is_precise = false;
	}
	while (regs.pc != 0 && !rcgo__unwind_is_boundary(regs.pc) &&
		(unwind->n < unwind->max || rcgo__unwind_fold(unwind))) {
		uintptr_t pc = regs.pc - !pc_is_precise;
		enum slow_result result;
		bool known;

		known = rcgo__unwind_select_object(unwind, pc);
		if (!known && !pc_is_precise && !rcgo__code_is_return(regs.pc) &&
			!rcgo__code_is_sigreturn(regs.pc)) {
			unwind->lost = true;
			break;
		}
		if (known && slow_is_boundary(unwind, pc)) {
			unwind->opaque = true;
			break;
		}
		if (unwind->skip > 0) {
			unwind->skip--;
		} else {
			unwind->pcs[unwind->n++] = pc;
		}
		result = slow_step_any(unwind, &regs, known, &pc_is_precise);
		if (result != SLOW_STEPPED) {
			unwind->lost = result != SLOW_END;
			break;
		}
	}
	unwind->frame.pc = regs.pc;
	unwind->frame.sp = regs.reg[RCGO_DW_SP];
}

#define RESTORERS 4

// Signal restorers that unwinding has found.
// owner: any thread; lock: none; ordering: relaxed, each word is independent
static uintptr_t restorers[RESTORERS];

void
rcgo__unwind_note_restorer(uintptr_t pc)
{
	for (unsigned i = 0; i < RESTORERS; i++) {
		uintptr_t known = rcgo_load_rlx(&restorers[i]);

		if (known == pc) {
			return;
		}
		if (known == 0) {
			rcgo_store_rlx(&restorers[i], pc);
			return;
		}
	}
}

bool
rcgo__unwind_is_handler_frame(uintptr_t pc)
{
	for (unsigned i = 0; i < RESTORERS; i++) {
		if (rcgo_load_rlx(&restorers[i]) == pc + 1) {
			return true;
		}
	}
	return false;
}
