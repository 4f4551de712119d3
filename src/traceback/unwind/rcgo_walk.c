// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walk by rules, and the ways into it. Runs in handlers with all
// signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_rule.h"
#include "rcgo_step.h"

// Works out the rule of a frame in the current object.
static uint64_t
make_rule(const struct rcgo_walk *walk, const struct rcgo_place *at)
{
	uintptr_t pc = rcgo__place_lookup(at);
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;

	if (rcgo__walk_is_sigreturn(walk, at->pc)) {
		return RCGO_RULE_SIGNAL;
	}
	if (!rcgo__walk_fde(walk, pc, &fde, &copy) || !rcgo__cfi_row(&fde, pc, true, &row)) {
		return RCGO_RULE_GUESS;
	}
	return rcgo__cfi_rule(&fde, pc, &row);
}

static RCGO_COLD uint64_t
learn_rule(const struct rcgo_walk *walk, const struct rcgo_place *at, uint64_t key)
{
	uint64_t rule = make_rule(walk, at);

	rcgo__rule_keep(key, rule);
	return rule;
}

// Goes to what a handler's signal interrupted. The stack may be another one.
static bool
step_signal(struct rcgo_memory *memory, struct rcgo_place *at)
{
	uintptr_t uc = at->sp + RCGO_SIGFRAME_UC;
	uintptr_t sp;

	if (!rcgo__memory_word(memory, uc + RCGO_UC_PC, &at->pc) ||
		!rcgo__memory_word(memory, uc + RCGO_UC_FP, &at->fp) ||
		!rcgo__memory_word(memory, uc + RCGO_UC_LR, &at->lr) ||
		!rcgo__memory_word(memory, uc + RCGO_UC_SP, &sp)) {
		return false;
	}
	at->sp = sp;
	at->exact = true;
	rcgo__memory_stack(memory, sp);
	return true;
}

// The CFA by a rule of the four kinds that have one.
static inline bool
rule_cfa(struct rcgo_memory *memory, const struct rcgo_place *at, uint64_t rule, uintptr_t *cfa)
{
	unsigned kind = RCGO_RULE_KIND(rule);
	uintptr_t base = (kind & 1) != 0 ? at->sp : at->fp;

	_Static_assert((RCGO_RULE_SP & RCGO_RULE_SP_LOAD & ~RCGO_RULE_FP & ~RCGO_RULE_FP_LOAD & 1),
		"odd kinds count from sp");
	*cfa = base + RCGO_RULE_CFA(rule);
	if (RCGO_UNLIKELY(kind >= RCGO_RULE_SP_LOAD)) {
		if (!rcgo__memory_word(memory, *cfa, cfa)) {
			return false;
		}
		*cfa += RCGO_RULE_ADD(rule);
	}
	return true;
}

// Goes to the caller by such a rule. A frame that was not interrupted has pushed or saved its
// return address, so its caller's stack pointer is above its own.
static inline bool
step_rule(struct rcgo_memory *memory, struct rcgo_place *at, uint64_t rule)
{
	uintptr_t cfa;

	if (!rule_cfa(memory, at, rule, &cfa) || cfa < at->sp + !at->exact ||
		cfa % RCGO_WORD_SIZE != 0) {
		return false;
	}
	if (RCGO_HAS_LR && (rule & RCGO_RULE_RA_IN_LR) != 0) {
		if (!at->exact) {
			return false;
		}
		at->pc = at->lr;
	} else if (!rcgo__memory_word(memory, cfa + RCGO_RULE_RA_AT(rule), &at->pc)) {
		return false;
	}
	if ((rule & RCGO_RULE_FP_SAVED) != 0 &&
		!rcgo__memory_word(memory, cfa + RCGO_RULE_FP_AT(rule), &at->fp)) {
		return false;
	}
	at->pc = rcgo__arch_strip(at->pc);
	at->sp = cfa;
	at->exact = (rule & RCGO_RULE_INTERRUPTED) != 0;
	return at->pc % RCGO_PC_ALIGN == 0;
}

static RCGO_COLD bool
step_other(struct rcgo_memory *memory, struct rcgo_place *at, uint64_t rule)
{
	switch (RCGO_RULE_KIND(rule)) {
	case RCGO_RULE_SIGNAL:
		return step_signal(memory, at);
	case RCGO_RULE_GUESS:
		return rcgo__guess_step(memory, at);
	default:
		return false;
	}
}

// The rule outside of all objects: code made at run time, a restorer that the kernel or an emulator
// laid somewhere, or no code: RCGO_RULE_NONE. The first frame is what it is.
static RCGO_COLD uint64_t
foreign_rule(struct rcgo_memory *memory, const struct rcgo_place *at)
{
	if (rcgo__guess_is_sigreturn(memory, at->pc)) {
		return RCGO_RULE_SIGNAL;
	}
	return at->exact || rcgo__guess_is_return(memory, at->pc) ? RCGO_RULE_GUESS
								  : RCGO_RULE_NONE;
}

// The rule of the frame at pc, which at lies in.
static inline uint64_t
find_rule(struct rcgo_walk *walk, const struct rcgo_place *at, uintptr_t pc)
{
	const struct rcgo_object_memo *object = &walk->object[walk->current];
	uint64_t key, rule;

	if (RCGO_UNLIKELY(pc - object->module.start >= object->size)) {
		if (!rcgo__walk_object(walk, pc)) {
			return foreign_rule(&walk->memory, at);
		}
		object = &walk->object[walk->current];
	}
	key = rcgo__rule_key(pc, object->salt);
	rule = rcgo__rule_cached(key);
	return RCGO_LIKELY(rule != RCGO_RULE_NONE) ? rule : learn_rule(walk, at, key);
}

// Walks by rules. Returns false at a frame that needs more registers.
static bool
walk_by_rules(struct rcgo_walk *walk)
{
	struct rcgo_place at = walk->at;
	struct rcgo_memory *memory = &walk->memory;

	// A call of nothing: there is only what it came from.
	if (RCGO_UNLIKELY(at.pc == 0) && at.exact && !rcgo__guess_step(memory, &at)) {
		return true;
	}
	while (walk->n < walk->max && at.pc != 0 && !rcgo__walk_in_go(at.pc)) {
		uintptr_t pc = rcgo__place_lookup(&at);
		uint64_t rule = find_rule(walk, &at, pc);
		unsigned kind = RCGO_RULE_KIND(rule);

		if (RCGO_UNLIKELY(kind == RCGO_RULE_NONE)) {
			break;
		}
		if (RCGO_UNLIKELY(walk->skip > 0)) {
			walk->skip--;
		} else {
			walk->pcs[walk->n++] = pc;
		}
		if (RCGO_LIKELY(kind <= RCGO_RULE_FP_LOAD)) {
			if (RCGO_UNLIKELY(!step_rule(memory, &at, rule))) {
				break;
			}
		} else if (kind == RCGO_RULE_SLOW) {
			return false;
		} else if (!step_other(memory, &at, rule)) {
			break;
		}
	}
	return true;
}

// Walks from the place in *walk on; start is where it came from.
static size_t
walk_from(struct rcgo_walk *walk, const struct rcgo_start *start, uintptr_t *pcs, size_t max)
{
	struct rcgo_place from = walk->at;
	size_t skip = walk->skip;

	walk->object[0].size = 0;
	walk->object[0].module.start = 0;
	walk->object[1].size = 0;
	walk->object[1].module.start = 0;
	walk->current = 0;
	walk->pcs = pcs;
	walk->max = max;
	walk->n = 0;
	rcgo__memory_stack(&walk->memory, from.sp);
	if (!walk_by_rules(walk)) {
		walk->at = from;
		walk->n = 0;
		walk->skip = skip;
		rcgo__memory_stack(&walk->memory, from.sp);
		rcgo__walk_full(walk, start);
	}
	return walk->n;
}

RCGO_RAW_READS size_t
rcgo__walk_from_handler(const void *ucontext, uintptr_t *pcs, size_t max)
{
	const char *uc = ucontext;
	struct rcgo_start start = {.ucontext = ucontext, .saved = NULL};
	struct rcgo_walk walk;

	walk.at = (struct rcgo_place){
		.pc = *(const uintptr_t *)(const void *)(uc + RCGO_UC_PC),
		.sp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_SP),
		.fp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_FP),
		.lr = *(const uintptr_t *)(const void *)(uc + RCGO_UC_LR),
		.exact = true,
	};
	walk.skip = 0;
	return walk_from(&walk, &start, pcs, max);
}

static size_t
walk_saved(const struct rcgo_saved_regs *saved, size_t skip, uintptr_t *pcs, size_t max)
{
	struct rcgo_start start = {.ucontext = NULL, .saved = saved};
	struct rcgo_walk walk;

	walk.at = (struct rcgo_place){
		.pc = rcgo__arch_strip(saved->pc),
		.sp = saved->sp,
		.fp = saved->fp,
	};
	walk.skip = skip;
	return walk_from(&walk, &start, pcs, max);
}

size_t
rcgo__walk_saved(const struct rcgo_saved_regs *saved, uintptr_t *pcs, size_t max)
{
	return walk_saved(saved, 0, pcs, max);
}

__attribute__((noinline)) size_t
rcgo__walk_here(uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs saved;
	size_t n;

	rcgo__regs_capture(&saved);
	n = walk_saved(&saved, 1, pcs, max);
	// No tail call: this frame is walked.
	__asm__("" : "+r"(n));
	return n;
}
