// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walk with all registers, for stacks with a frame whose rule is
// RCGO_UNWIND_ENTRY_SLOW. Nothing is taken from the cache of rules. Runs in handlers.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "unwind_step.h"

#define ALL_KNOWN (~(uint64_t)0 >> (64 - RCGO_DW_REGS))
#define BIT(reg) ((uint64_t)1 << (reg))

static const uint16_t uc_regs[RCGO_DW_REGS] = RCGO_UC_REGS;
static const uint8_t kept_regs[RCGO_REGS_KEPT] = RCGO_DW_KEPT;

// The registers at the start of a walk.
RCGO_UNINSTRUMENTED_READS static void
first_regs(struct rcgo_frame_regs *regs, const struct rcgo_unwind *walk,
	const struct rcgo_unwind_start *start)
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
full_signal(struct rcgo_stack_reader *memory, struct rcgo_frame_regs *regs)
{
	uintptr_t uc = regs->reg[RCGO_DW_SP] + RCGO_SIGFRAME_UC;

	if (!rcgo__stack_reader_word(memory, uc + RCGO_UC_PC, &regs->pc)) {
		return false;
	}
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (!rcgo__stack_reader_word(memory, uc + uc_regs[i], &regs->reg[i])) {
			return false;
		}
	}
	regs->known = ALL_KNOWN;
	rcgo__stack_reader_set(memory, regs->reg[RCGO_DW_SP]);
	return true;
}

// Goes to the caller where there is no unwind information.
static bool
full_guess(struct rcgo_stack_reader *memory, struct rcgo_frame_regs *regs, bool pc_is_precise)
{
	struct rcgo_unwind_frame at = {
		.pc = regs->pc,
		.sp = regs->reg[RCGO_DW_SP],
		.fp = regs->reg[RCGO_DW_FP],
		.lr = RCGO_HAS_LR ? regs->reg[RCGO_DW_LR] : 0,
		.pc_is_precise = pc_is_precise,
	};

	if (!rcgo__heuristic_step(memory, &at)) {
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
	struct rcgo_stack_reader *memory;
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
		return rcgo__dwarf_expr_run(row->cfa_expr, end_of(s->fde, row->cfa_expr), s->from,
			NULL, s->memory, &s->cfa);
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

	switch (s->row->reg_rule[reg]) {
	case RCGO_RULE_SAME:
		*value = s->from->reg[reg];
		return (s->from->known & BIT(reg)) != 0;
	case RCGO_RULE_OFFSET:
		return rcgo__stack_reader_word(s->memory, at, value);
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
			       expr, end_of(s->fde, expr), s->from, &s->cfa, s->memory, &at) &&
		       rcgo__stack_reader_word(s->memory, at, value);
	case RCGO_RULE_VAL_EXPR:
		return rcgo__dwarf_expr_run(
			expr, end_of(s->fde, expr), s->from, &s->cfa, s->memory, value);
	default: // RCGO_RULE_UNDEFINED
		return false;
	}
}

// Goes to the caller by a row. Returns false at the outermost frame and where the row makes no
// sense.
static bool
apply_row(struct full_step *s, bool pc_is_precise, struct rcgo_frame_regs *to)
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
	if (pc_is_precise && to->reg[RCGO_DW_SP] < sp) {
		rcgo__stack_reader_set(s->memory, to->reg[RCGO_DW_SP]);
		return true;
	}
	return to->reg[RCGO_DW_SP] >= sp + !pc_is_precise &&
	       to->reg[RCGO_DW_SP] % RCGO_WORD_SIZE == 0;
}

// Goes from regs, in the current object when known, to the caller. *exact changes with it. With
// found NULL *missing says that the object's unwind information has to be looked for elsewhere. Not
// inlined: what it has on the stack must not be there while something is looked for.
static __attribute__((noinline)) bool
full_step(struct rcgo_unwind *walk, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise,
	const struct rcgo_debug_frame *found, bool *missing)
{
	bool was_exact = *pc_is_precise;
	uintptr_t pc = regs->pc - !was_exact;
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;
	struct rcgo_frame_regs to;
	struct full_step s = {
		.memory = &walk->memory, .fde = &fde, .row = &row, .from = regs, .cfa = 0};

	if (known ? rcgo__unwind_is_sigreturn(walk, regs->pc)
		  : rcgo__heuristic_is_sigreturn(regs->pc)) {
		*pc_is_precise = true;
		return full_signal(&walk->memory, regs);
	}
	if (known && !rcgo__unwind_fde(walk, pc, found, &fde, &copy)) {
		known = false;
		if (found == NULL) {
			*missing = true;
			return false;
		}
	}
	*pc_is_precise = false;
	if (!known || !rcgo__cfi_row(&fde, pc, false, &row)) {
		return full_guess(&walk->memory, regs, was_exact);
	}
	if (!apply_row(&s, was_exact, &to)) {
		return false;
	}
	*regs = to;
	*pc_is_precise = fde.interrupted;
	return regs->pc % RCGO_PC_ALIGN == 0;
}

// Whether pc, in the current object, is beyond the boundary.
static __attribute__((noinline)) bool
slow_is_boundary(const struct rcgo_unwind *walk, uintptr_t pc)
{
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;

	return rcgo__unwind_object_is_opaque(walk) &&
	       !rcgo__unwind_fde(walk, pc, NULL, &fde, &copy);
}

static bool
full_step_any(
	struct rcgo_unwind *walk, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise)
{
	struct rcgo_debug_frame found;
	bool missing = false;
	bool stepped = full_step(walk, regs, known, pc_is_precise, NULL, &missing);

	if (missing) {
		known = rcgo__unwind_debug(walk, regs->pc - !*pc_is_precise, &found);
		stepped = full_step(walk, regs, known, pc_is_precise, &found, &missing);
	}
	return stepped;
}

void
rcgo__unwind_slow(struct rcgo_unwind *walk, const struct rcgo_unwind_start *start)
{
	struct rcgo_frame_regs regs;
	bool pc_is_precise = walk->at.pc_is_precise;

	first_regs(&regs, walk, start);
	if (regs.pc == 0 && pc_is_precise && full_guess(&walk->memory, &regs, true)) {
		pc_is_precise = false;
	}
	while (walk->n < walk->max && regs.pc != 0) {
		uintptr_t pc = regs.pc - !pc_is_precise;
		bool known;

		if (rcgo__unwind_is_boundary(regs.pc)) {
			break;
		}
		known = rcgo__unwind_select_object(walk, pc);
		if (!known && !pc_is_precise && !rcgo__heuristic_is_return(regs.pc) &&
			!rcgo__heuristic_is_sigreturn(regs.pc)) {
			break;
		}
		if (known && slow_is_boundary(walk, pc)) {
			break;
		}
		if (walk->skip > 0) {
			walk->skip--;
		} else {
			walk->pcs[walk->n++] = pc;
		}
		if (!full_step_any(walk, &regs, known, &pc_is_precise)) {
			break;
		}
	}
}

// Traceback Generation, unwind: frames without unwind information: code made at run time, assembly,
// C that Go's own linker linked. Runs anywhere.

// What looks like a return address may be any word, and what is there may be unmapped meanwhile.
static bool
read_code(uintptr_t pc, uint8_t *code, unsigned size)
{
	return pc >= RCGO_NOFAULT_PAGE && rcgo__copy_nofault(code, (const void *)pc, size);
}

bool
rcgo__heuristic_is_return(uintptr_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];

	return pc % RCGO_PC_ALIGN == 0 && read_code(pc - RCGO_CALL_SIZE, before, RCGO_CALL_SIZE) &&
	       rcgo__arch_is_call(before);
}

bool
rcgo__heuristic_is_sigreturn(uintptr_t pc)
{
	uint8_t code[RCGO_SIGRETURN_SIZE];

	return read_code(pc, code, RCGO_SIGRETURN_SIZE) && rcgo__arch_is_sigreturn(code);
}

// Takes the word at address for a return address when it looks like one.
static bool
return_address(struct rcgo_stack_reader *memory, uintptr_t address, uintptr_t *ra)
{
	if (!rcgo__stack_reader_word(memory, address, ra)) {
		return false;
	}
	*ra = rcgo__arch_strip(*ra);
	return rcgo__unwind_is_boundary(*ra) || rcgo__heuristic_is_return(*ra);
}

// A frame that was interrupted before it had made itself a frame of its own.
static bool
guess_leaf(struct rcgo_stack_reader *memory, struct rcgo_unwind_frame *at)
{
	uintptr_t ra, saved;

	if (RCGO_HAS_LR) {
		ra = rcgo__arch_strip(at->lr);
		if (!rcgo__unwind_is_boundary(ra) && !rcgo__heuristic_is_return(ra)) {
			return false;
		}
		at->pc = ra;
		return true;
	}
	if (return_address(memory, at->sp, &ra)) {
		at->pc = ra;
		at->sp += RCGO_WORD_SIZE;
		return true;
	}
	// Or just after it pushed the frame pointer.
	if (rcgo__stack_reader_word(memory, at->sp, &saved) && saved == at->fp &&
		return_address(memory, at->sp + RCGO_WORD_SIZE, &ra)) {
		at->pc = ra;
		at->sp += 2 * RCGO_WORD_SIZE;
		return true;
	}
	return false;
}

// The saved frame pointer with the return address above it, which is how compilers for all
// processors of Go with a frame pointer lay them.
static bool
guess_chain(struct rcgo_stack_reader *memory, struct rcgo_unwind_frame *at)
{
	uintptr_t fp = at->fp;
	uintptr_t ra, caller;

	if (fp < at->sp || fp % RCGO_WORD_SIZE != 0 ||
		!rcgo__stack_reader_word(memory, fp, &caller) ||
		!return_address(memory, fp + RCGO_WORD_SIZE, &ra)) {
		return false;
	}
	at->pc = ra;
	at->sp = fp + 2 * RCGO_WORD_SIZE;
	at->fp = caller;
	return true;
}

bool
rcgo__heuristic_step(struct rcgo_stack_reader *memory, struct rcgo_unwind_frame *at)
{
	bool found;

	if (RCGO_HAS_LR) {
		found = guess_chain(memory, at) || (at->pc_is_precise && guess_leaf(memory, at));
	} else {
		found = (at->pc_is_precise && guess_leaf(memory, at)) || guess_chain(memory, at);
	}
	at->pc_is_precise = false;
	return found;
}
