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

	rcgo__unwind_note_restorer(regs->pc);
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
full_guess(struct rcgo_unwind *walk, struct rcgo_frame_regs *regs, bool pc_is_precise)
{
	struct rcgo_unwind_frame at = {
		.pc = regs->pc,
		.sp = regs->reg[RCGO_DW_SP],
		.fp = regs->reg[RCGO_DW_FP],
		.lr = RCGO_HAS_LR ? regs->reg[RCGO_DW_LR] : 0,
		.pc_is_precise = pc_is_precise,
	};

	if (!rcgo__heuristic_step(walk, &at)) {
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

// How a step ended.
enum full_result {
	FULL_STEPPED,
	FULL_LOST,
	FULL_END,     // at the outermost frame
	FULL_MISSING, // the object's unwind information has to be looked for elsewhere
	FULL_GUESS,   // there is none
};

// Goes from regs, in the current object when known, to the caller. *exact changes with it. Not
// inlined: what it has on the stack must not be there while something is looked for.
static __attribute__((noinline)) enum full_result
full_step(struct rcgo_unwind *walk, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise,
	const struct rcgo_debug_frame *found)
{
	uintptr_t pc = regs->pc - !*pc_is_precise;
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;
	struct rcgo_frame_regs to;
	struct full_step s = {
		.memory = &walk->memory, .fde = &fde, .row = &row, .from = regs, .cfa = 0};

	if (known ? rcgo__unwind_is_sigreturn(walk, regs->pc)
		  : rcgo__heuristic_is_sigreturn(regs->pc)) {
		*pc_is_precise = true;
		return full_signal(&walk->memory, regs) ? FULL_STEPPED : FULL_LOST;
	}
	if (known && !rcgo__unwind_fde(walk, pc, found, &fde, &copy)) {
		return found == NULL ? FULL_MISSING : FULL_GUESS;
	}
	if (!known || !rcgo__cfi_row(&fde, pc, false, &row)) {
		return FULL_GUESS;
	}
	if (!apply_row(&s, *pc_is_precise, &to)) {
		return fde.ra < RCGO_DW_REGS && row.reg_rule[fde.ra] == RCGO_RULE_UNDEFINED
			       ? FULL_END
			       : FULL_LOST;
	}
	*regs = to;
	*pc_is_precise = fde.interrupted;
	return regs->pc % RCGO_PC_ALIGN == 0 ? FULL_STEPPED : FULL_LOST;
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

static enum full_result
full_step_any(
	struct rcgo_unwind *walk, struct rcgo_frame_regs *regs, bool known, bool *pc_is_precise)
{
	enum full_result result = full_step(walk, regs, known, pc_is_precise, NULL);

	if (result == FULL_MISSING) {
		struct rcgo_debug_frame found;

		known = rcgo__unwind_debug(walk, regs->pc - !*pc_is_precise, &found);
		result = full_step(walk, regs, known, pc_is_precise, &found);
	}
	if (result == FULL_GUESS) {
		result = full_guess(walk, regs, *pc_is_precise) ? FULL_STEPPED : FULL_LOST;
		*pc_is_precise = false;
	}
	return result;
}

// Not inlined: its registers must not be on the stack of a walk by rules.
__attribute__((noinline)) void
rcgo__unwind_slow(struct rcgo_unwind *walk, const struct rcgo_unwind_start *start)
{
	struct rcgo_frame_regs regs;
	bool pc_is_precise = walk->at.pc_is_precise;

	first_regs(&regs, walk, start);
	if (regs.pc == 0 && pc_is_precise && full_guess(walk, &regs, true)) {
		pc_is_precise = false;
	}
	while (regs.pc != 0 && !rcgo__unwind_is_boundary(regs.pc) &&
		(walk->n < walk->max || rcgo__unwind_fold(walk))) {
		uintptr_t pc = regs.pc - !pc_is_precise;
		enum full_result result;
		bool known;

		known = rcgo__unwind_select_object(walk, pc);
		if (!known && !pc_is_precise && !rcgo__heuristic_is_return(regs.pc) &&
			!rcgo__heuristic_is_sigreturn(regs.pc)) {
			walk->lost = true;
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
		result = full_step_any(walk, &regs, known, &pc_is_precise);
		if (result != FULL_STEPPED) {
			walk->lost = result != FULL_END;
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

#define RESTORERS 4

// Restorers of handlers that walks have met.
// owner: any walk; lock: none; ordering: relaxed, each word stands for itself
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

// No function has so much code before one of its instructions.
#define FUNCTION_MOST ((uintptr_t)64 * 1024)

// Makes *guess that of the frame at, in which nothing says where its function begins.
static void
guess_of(struct rcgo_guess *guess, struct rcgo_unwind *walk, const struct rcgo_unwind_frame *at)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(at);
	bool known = pc >= RCGO_NOFAULT_PAGE && rcgo__unwind_select_object(walk, pc);
	uintptr_t gap = known ? rcgo__unwind_gap(walk, pc) : 0;

	guess->walk = walk;
	guess->pc = pc;
	guess->sp = at->sp;
	guess->from = pc < FUNCTION_MOST ? 0 : pc - FUNCTION_MOST;
	if (gap > guess->from) {
		guess->from = gap;
	}
}

static enum rcgo_call
call_at(const struct rcgo_guess *guess, uintptr_t address, uintptr_t *ra)
{
	if (!rcgo__stack_reader_word(&guess->walk->memory, address, ra)) {
		return RCGO_CALL_NONE;
	}
	*ra = rcgo__arch_strip(*ra);
	return rcgo__heuristic_call(guess, *ra);
}

// A frame that was interrupted before it had made itself a frame of its own: where its caller would
// be, and what was called there.
static enum rcgo_call
guess_leaf(const struct rcgo_guess *guess, const struct rcgo_unwind_frame *at,
	struct rcgo_unwind_frame *to)
{
	enum rcgo_call call;
	uintptr_t saved;

	*to = *at;
	if (RCGO_HAS_LR) {
		to->pc = rcgo__arch_strip(at->lr);
		return rcgo__heuristic_call(guess, to->pc);
	}
	call = call_at(guess, at->sp, &to->pc);
	to->sp = at->sp + RCGO_WORD_SIZE;
	if (call != RCGO_CALL_NONE) {
		return call;
	}
	// Or just after it pushed the frame pointer.
	if (rcgo__stack_reader_word(&guess->walk->memory, at->sp, &saved) && saved == at->fp) {
		call = call_at(guess, at->sp + RCGO_WORD_SIZE, &to->pc);
		to->sp = at->sp + 2 * RCGO_WORD_SIZE;
	}
	return call;
}

// The saved frame pointer with the return address above it, which is how compilers for all
// processors of Go with a frame pointer lay them.
static enum rcgo_call
guess_chain(const struct rcgo_guess *guess, const struct rcgo_unwind_frame *at,
	struct rcgo_unwind_frame *to)
{
	uintptr_t fp = at->fp;

	*to = *at;
	if (fp < at->sp || fp % RCGO_WORD_SIZE != 0 ||
		!rcgo__stack_reader_word(&guess->walk->memory, fp, &to->fp)) {
		return RCGO_CALL_NONE;
	}
	to->sp = fp + 2 * RCGO_WORD_SIZE;
	return call_at(guess, fp + RCGO_WORD_SIZE, &to->pc);
}

static bool
guess_scan(const struct rcgo_guess *guess, const struct rcgo_unwind_frame *at, uintptr_t limit,
	struct rcgo_unwind_frame *to)
{
	uintptr_t ra_at;

	*to = *at;
	if (!rcgo__heuristic_scan(guess, limit, &ra_at, &to->fp) ||
		!rcgo__stack_reader_word(&guess->walk->memory, ra_at, &to->pc)) {
		return false;
	}
	to->pc = rcgo__arch_strip(to->pc);
	to->sp = ra_at + RCGO_WORD_SIZE;
	return true;
}

// What is certain comes first: the address behind a call of this very function. A frame pointer
// that is still the caller's leads past the caller, so that the words below it are looked at, too.
static bool
guess_caller(const struct rcgo_guess *guess, const struct rcgo_unwind_frame *at,
	struct rcgo_unwind_frame *to)
{
	struct rcgo_unwind_frame leaf = *at, chain, scan;
	enum rcgo_call called = at->pc_is_precise ? guess_leaf(guess, at, &leaf) : RCGO_CALL_NONE;
	enum rcgo_call chained = guess_chain(guess, at, &chain);
	// Code that was made at run time lies in no object, and no table says anything of it.
	bool foreign = !rcgo__unwind_may_be_code(guess->walk, guess->pc);

	if (called == RCGO_CALL_HERE || (called == RCGO_CALL_UNKNOWN && foreign && !RCGO_HAS_LR)) {
		*to = leaf;
	} else if (chained == RCGO_CALL_HERE || (chained == RCGO_CALL_UNKNOWN && foreign)) {
		*to = chain;
	} else if (called == RCGO_CALL_UNKNOWN &&
		   rcgo__heuristic_lead(guess, leaf.pc, leaf.sp, leaf.fp) == RCGO_LEAD_YES) {
		*to = leaf;
	} else if (guess_scan(guess, at, chained == RCGO_CALL_NONE ? UINTPTR_MAX : at->fp, &scan)) {
		*to = scan;
	} else if (chained != RCGO_CALL_NONE) {
		*to = chain;
	} else if (called != RCGO_CALL_NONE) {
		*to = leaf;
	} else {
		return false;
	}
	return true;
}

bool
rcgo__heuristic_step(struct rcgo_unwind *walk, struct rcgo_unwind_frame *at)
{
	struct rcgo_guess guess;
	struct rcgo_unwind_frame to;
	bool found;

	guess_of(&guess, walk, at);
	found = guess_caller(&guess, at, &to);
	if (found) {
		*at = to;
	}
	at->pc_is_precise = false;
	return found;
}
