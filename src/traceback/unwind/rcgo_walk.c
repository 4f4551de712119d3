// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walk by rules. Runs in handlers with all signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_rule.h"
#include "rcgo_step.h"

// Works out the rule of a frame in the current object; RCGO_RULE_NONE when there is nothing to work
// it out from. Not inlined: what it has on the stack must not be there while that is looked for.
static __attribute__((noinline)) uint64_t
make_rule(const struct rcgo_walk *walk, const struct rcgo_place *at,
	const struct rcgo_debug_frame *found)
{
	uintptr_t pc = rcgo__place_lookup(at);
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;

	if (rcgo__walk_is_sigreturn(walk, at->pc)) {
		return RCGO_RULE_SIGNAL;
	}
	if (!rcgo__walk_fde(walk, pc, found, &fde, &copy)) {
		return RCGO_RULE_NONE;
	}
	if (!rcgo__cfi_row(&fde, pc, true, &row)) {
		return RCGO_RULE_GUESS;
	}
	return rcgo__cfi_rule(&fde, pc, &row);
}

// The same of one that make_rule has been left to.
static __attribute__((noinline)) uint64_t
make_rule_slowly(const struct rcgo_walk *walk, const struct rcgo_place *at)
{
	uintptr_t pc = rcgo__place_lookup(at);
	uint64_t rule = make_rule(walk, at, NULL);
	struct rcgo_debug_frame found;

	if (rule == RCGO_RULE_NONE && rcgo__walk_made_by_go(walk)) {
		return RCGO_RULE_GO;
	}
	if (rule == RCGO_RULE_NONE && rcgo__walk_debug(walk, pc, &found)) {
		rule = make_rule(walk, at, &found);
	}
	if (rule == RCGO_RULE_NONE) {
		rule = RCGO_RULE_GUESS;
	}
	return rule;
}

// Works out the rule of the walk's place, which lies in the current object, and keeps it.
static __attribute__((noinline)) uint64_t
learn_rule(struct rcgo_walk *walk)
{
	uintptr_t pc = rcgo__place_lookup(&walk->at);
	uint64_t rule = rcgo__walk_quick(walk);

	if (rule == RCGO_RULE_NONE) {
		rule = make_rule_slowly(walk, &walk->at);
	}
	rcgo__rule_keep(walk->at.pc, rcgo__rule_key(pc, walk->object[walk->current].salt), rule);
	return rule;
}

// The rule outside of all objects: code made at run time, a restorer that the kernel or an emulator
// laid somewhere, or no code: RCGO_RULE_NONE. The first frame is what it is.
static RCGO_COLD uint64_t
foreign_rule(const struct rcgo_place *at)
{
	if (rcgo__guess_is_sigreturn(at->pc)) {
		return RCGO_RULE_SIGNAL;
	}
	return at->exact || rcgo__guess_is_return(at->pc) ? RCGO_RULE_GUESS : RCGO_RULE_NONE;
}

static inline bool
in_current(const struct rcgo_walk *walk)
{
	const struct rcgo_object_memo *object = &walk->object[walk->current];

	return rcgo__place_lookup(&walk->at) - object->module.start < object->size;
}

// The rule of the walk's place, which may lie in another object than the current one. missed: it is
// not in the cache.
static __attribute__((noinline)) uint64_t
find_rule(struct rcgo_walk *walk, bool missed)
{
	uintptr_t pc = rcgo__place_lookup(&walk->at);
	uint64_t rule;

	if (missed && in_current(walk)) {
		return learn_rule(walk);
	}
	if (!rcgo__walk_object(walk, pc)) {
		return foreign_rule(&walk->at);
	}
	rule = rcgo__rule_cached(walk->at.pc, rcgo__rule_key(pc, walk->object[walk->current].salt));
	return rule != RCGO_RULE_NONE ? rule : learn_rule(walk);
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

// Goes to the caller by a rule that has a CFA. A frame that was not interrupted has pushed or saved
// its return address, so its caller's stack pointer is above its own.
static bool
step_cfa(struct rcgo_memory *memory, struct rcgo_place *at, uint64_t rule)
{
	unsigned kind = RCGO_RULE_KIND(rule);
	uintptr_t base = (kind & 1) != 0 ? at->sp : at->fp;
	uintptr_t cfa = base + RCGO_RULE_CFA(rule);

	if (RCGO_RULE_LOADS(rule)) {
		if (!rcgo__memory_word(memory, cfa, &cfa)) {
			return false;
		}
		cfa += RCGO_RULE_ADD(rule);
		base = cfa;
	}
	if (cfa < at->sp + !at->exact || cfa % RCGO_WORD_SIZE != 0) {
		return false;
	}
	if (RCGO_HAS_LR && (rule & RCGO_RULE_RA_IN_LR) != 0) {
		if (!at->exact) {
			return false;
		}
		at->pc = at->lr;
	} else if (!rcgo__memory_word(memory, base + RCGO_RULE_RA_AT(rule), &at->pc)) {
		return false;
	}
	if ((rule & RCGO_RULE_FP_SAVED) != 0 &&
		!rcgo__memory_word(memory, cfa + RCGO_RULE_FP_AT(rule), &at->fp)) {
		return false;
	}
	at->pc = rcgo__arch_strip(at->pc);
	at->sp = cfa;
	at->exact = (rule & RCGO_RULE_INTERRUPTED) != 0;
	return true;
}

static __attribute__((noinline)) bool
step_rule(struct rcgo_walk *walk, uint64_t rule)
{
	switch (RCGO_RULE_KIND(rule)) {
	case RCGO_RULE_SP:
	case RCGO_RULE_FP:
	case RCGO_RULE_SP_LOAD:
	case RCGO_RULE_FP_LOAD:
		return step_cfa(&walk->memory, &walk->at, rule);
	case RCGO_RULE_SIGNAL:
		return step_signal(&walk->memory, &walk->at);
	case RCGO_RULE_GUESS:
		return rcgo__guess_step(&walk->memory, &walk->at);
	default:
		return false;
	}
}

RCGO_RAW_READS static inline uintptr_t
word_at(uintptr_t address)
{
	uintptr_t word;

	__builtin_memcpy(&word, (const void *)address, sizeof word);
	return word;
}

// Walks from the walk's place on as long as rules are in the cache, of the common kinds and within
// the current object, and what they read is in the window of the stack: then everything is in
// registers, and the next frame's rule is read while this one's words arrive. Returns the rule of
// the place that it came to, which is not given yet; RCGO_RULE_NONE when it has to be looked for.
RCGO_RAW_READS static uint64_t
walk_quickly(struct rcgo_walk *walk)
{
	const struct rcgo_object_memo *object = &walk->object[walk->current];
	const uintptr_t start = object->module.start, size = object->size;
	const uintptr_t lo = walk->memory.stack.lo, room = walk->memory.stack.room;
	const uint64_t salt = object->salt;
	uintptr_t *out = walk->pcs + walk->n, *end = walk->pcs + walk->max;
	uintptr_t pc = walk->at.pc, sp = walk->at.sp, fp = walk->at.fp;
	uintptr_t back = !walk->at.exact;
	uint64_t rule = RCGO_RULE_NONE;

	while (pc - back - start < size) {
		uintptr_t base, cfa, ra_at, fp_at, saved;

		rule = rcgo__rule_cached(pc, rcgo__rule_key(pc - back, salt));
		if (RCGO_UNLIKELY(rule == RCGO_RULE_NONE || (rule & RCGO_RULE_RARE) != 0 ||
				  out == end || rcgo__walk_in_go(pc))) {
			break;
		}
		base = (rule & 1) != 0 ? sp : fp;
		cfa = base + RCGO_RULE_CFA(rule);
		ra_at = base + RCGO_RULE_RA_AT(rule);
		fp_at = cfa + RCGO_RULE_FP_AT(rule);
		if (RCGO_UNLIKELY(ra_at - lo >= room || fp_at - lo >= room || cfa < sp + back ||
				  cfa % RCGO_WORD_SIZE != 0)) {
			break;
		}
		*out++ = pc - back;
		pc = rcgo__arch_strip(word_at(ra_at));
		saved = word_at(fp_at);
		fp = (rule & RCGO_RULE_FP_SAVED) != 0 ? saved : fp;
		sp = cfa;
		back = 1;
		rule = RCGO_RULE_NONE;
	}
	walk->at.pc = pc;
	walk->at.sp = sp;
	walk->at.fp = fp;
	walk->at.exact = back == 0;
	walk->n = (size_t)(out - walk->pcs);
	return rule;
}

// Not inlined: what it has on the stack must not be there while a walk with all registers is.
__attribute__((noinline)) bool
rcgo__walk_by_rules(struct rcgo_walk *walk)
{
	struct rcgo_place *at = &walk->at;
	struct rcgo_cfi_quick quick;

	walk->quick = &quick;
	walk->quick_of = RCGO_COUNTOF(walk->object);
	// A call of nothing: there is only what it came from.
	if (RCGO_UNLIKELY(at->pc == 0) && at->exact && !rcgo__guess_step(&walk->memory, at)) {
		return true;
	}
	while (walk->n < walk->max) {
		uint64_t rule = RCGO_LIKELY(walk->skip == 0) ? walk_quickly(walk) : RCGO_RULE_NONE;

		// On in another object.
		if (rule == RCGO_RULE_NONE && walk->skip == 0 && !in_current(walk) &&
			rcgo__walk_object(walk, rcgo__place_lookup(at))) {
			rule = walk_quickly(walk);
		}
		if (at->pc == 0 || walk->n == walk->max || at->pc % RCGO_PC_ALIGN != 0 ||
			rcgo__walk_in_go(at->pc)) {
			break;
		}
		if (rule == RCGO_RULE_NONE) {
			rule = find_rule(walk, walk->skip == 0);
		}
		if (rule == RCGO_RULE_SLOW) {
			return false;
		}
		if (rule == RCGO_RULE_NONE || rule == RCGO_RULE_GO) {
			break;
		}
		if (walk->skip > 0) {
			walk->skip--;
		} else {
			walk->pcs[walk->n++] = rcgo__place_lookup(at);
		}
		if (!step_rule(walk, rule)) {
			break;
		}
	}
	return true;
}
