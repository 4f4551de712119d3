// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the walk by rules. Runs in handlers with all signals blocked.
// Long because: of the loop that has all in registers, into which the compiler takes the rest.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "debug_frame.h"
#include "module_internal.h"
#include "unwind_cache.h"
#include "unwind_step.h"

// Works out the rule of a frame in the current object; RCGO_UNWIND_ENTRY_NONE when there is nothing
// to work it out from. Not inlined: what it has on the stack must not be there while that is looked
// for.
static __attribute__((noinline)) uint64_t
make_rule(const struct rcgo_unwind *walk, const struct rcgo_unwind_frame *at,
	const struct rcgo_debug_frame *found)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(at);
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;

	if (rcgo__unwind_is_sigreturn(walk, at->pc)) {
		return RCGO_UNWIND_ENTRY_SIGNAL;
	}
	if (!rcgo__unwind_fde(walk, pc, found, &fde, &copy)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	if (!rcgo__cfi_row(&fde, pc, true, &row)) {
		return RCGO_UNWIND_ENTRY_HEURISTIC;
	}
	return rcgo__cfi_unwind_entry(&fde, pc, &row);
}

// The same of one that make_rule has been left to.
static __attribute__((noinline)) uint64_t
make_rule_slowly(const struct rcgo_unwind *walk, const struct rcgo_unwind_frame *at)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(at);
	uint64_t rule = make_rule(walk, at, NULL);
	struct rcgo_debug_frame found;

	if (rule == RCGO_UNWIND_ENTRY_NONE && rcgo__unwind_object_is_opaque(walk)) {
		return RCGO_UNWIND_ENTRY_BOUNDARY;
	}
	if (rule == RCGO_UNWIND_ENTRY_NONE && rcgo__unwind_debug(walk, pc, &found)) {
		rule = make_rule(walk, at, &found);
	}
	if (rule == RCGO_UNWIND_ENTRY_NONE) {
		rule = RCGO_UNWIND_ENTRY_HEURISTIC;
	}
	return rule;
}

// Works out the rule of the walk's place, which lies in the current object, and keeps it.
static __attribute__((noinline)) uint64_t
learn_rule(struct rcgo_unwind *walk)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&walk->at);
	uint64_t rule = rcgo__unwind_fast_entry(walk);

	if (rule == RCGO_UNWIND_ENTRY_NONE) {
		rule = make_rule_slowly(walk, &walk->at);
	}
	rcgo__unwind_cache_store(walk->at.pc,
		rcgo__unwind_cache_key(pc, walk->object[walk->current].module_hash), rule);
	return rule;
}

// The rule outside of all objects: code made at run time, a restorer that the kernel or an emulator
// laid somewhere, or no code: RCGO_UNWIND_ENTRY_NONE. The first frame is what it is.
static RCGO_COLD uint64_t
foreign_rule(const struct rcgo_unwind_frame *at)
{
	if (rcgo__heuristic_is_sigreturn(at->pc)) {
		return RCGO_UNWIND_ENTRY_SIGNAL;
	}
	return at->pc_is_precise || rcgo__heuristic_is_return(at->pc) ? RCGO_UNWIND_ENTRY_HEURISTIC
								      : RCGO_UNWIND_ENTRY_NONE;
}

static inline bool
in_current(const struct rcgo_unwind *walk)
{
	const struct rcgo_unwind_object *object = &walk->object[walk->current];

	return rcgo__unwind_frame_lookup_pc(&walk->at) - object->module.start < object->size;
}

// The rule of the walk's place, which may lie in another object than the current one. missed: it is
// not in the cache.
static __attribute__((noinline)) uint64_t
find_rule(struct rcgo_unwind *walk, bool missed)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&walk->at);
	uint64_t rule;

	if (missed && in_current(walk)) {
		return learn_rule(walk);
	}
	if (!rcgo__unwind_select_object(walk, pc)) {
		return foreign_rule(&walk->at);
	}
	rule = rcgo__unwind_cache_find(
		walk->at.pc, rcgo__unwind_cache_key(pc, walk->object[walk->current].module_hash));
	return rule != RCGO_UNWIND_ENTRY_NONE ? rule : learn_rule(walk);
}

// Goes to what a handler's signal interrupted. The stack may be another one.
static bool
step_signal(struct rcgo_stack_reader *memory, struct rcgo_unwind_frame *at)
{
	uintptr_t uc = at->sp + RCGO_SIGFRAME_UC;
	uintptr_t sp;

	rcgo__unwind_note_restorer(at->pc);
	if (!rcgo__stack_reader_word(memory, uc + RCGO_UC_PC, &at->pc) ||
		!rcgo__stack_reader_word(memory, uc + RCGO_UC_FP, &at->fp) ||
		!rcgo__stack_reader_word(memory, uc + RCGO_UC_LR, &at->lr) ||
		!rcgo__stack_reader_word(memory, uc + RCGO_UC_SP, &sp)) {
		return false;
	}
	at->sp = sp;
	at->pc_is_precise = true;
	rcgo__stack_reader_set(memory, sp);
	return true;
}

// Goes to the caller by a rule that has a CFA. A frame that was not interrupted has pushed or saved
// its return address, so its caller's stack pointer is above its own.
static bool
step_cfa(struct rcgo_stack_reader *memory, struct rcgo_unwind_frame *at, uint64_t rule)
{
	unsigned kind = RCGO_UNWIND_ENTRY_KIND(rule);
	uintptr_t base = (kind & 1) != 0 ? at->sp : at->fp;
	uintptr_t cfa = base + RCGO_UNWIND_ENTRY_CFA(rule);

	if (RCGO_UNWIND_ENTRY_LOADS(rule)) {
		if (!rcgo__stack_reader_word(memory, cfa, &cfa)) {
			return false;
		}
		cfa += RCGO_UNWIND_ENTRY_ADD(rule);
		base = cfa;
	}
	if (cfa < at->sp + !at->pc_is_precise || cfa % RCGO_WORD_SIZE != 0) {
		return false;
	}
	if (RCGO_HAS_LR && (rule & RCGO_UNWIND_ENTRY_RA_IN_LR) != 0) {
		if (!at->pc_is_precise) {
			return false;
		}
		at->pc = at->lr;
	} else if (!rcgo__stack_reader_word(
			   memory, base + RCGO_UNWIND_ENTRY_RA_AT(rule), &at->pc)) {
		return false;
	}
	if ((rule & RCGO_UNWIND_ENTRY_FP_SAVED) != 0 &&
		!rcgo__stack_reader_word(memory, cfa + RCGO_UNWIND_ENTRY_FP_AT(rule), &at->fp)) {
		return false;
	}
	at->pc = rcgo__arch_strip(at->pc);
	at->sp = cfa;
	at->pc_is_precise = (rule & RCGO_UNWIND_ENTRY_INTERRUPTED) != 0;
	return true;
}

static __attribute__((noinline)) bool
step_rule(struct rcgo_unwind *walk, uint64_t rule)
{
	switch (RCGO_UNWIND_ENTRY_KIND(rule)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		return step_cfa(&walk->memory, &walk->at, rule);
	case RCGO_UNWIND_ENTRY_SIGNAL:
		return step_signal(&walk->memory, &walk->at);
	case RCGO_UNWIND_ENTRY_HEURISTIC:
		return rcgo__heuristic_step(walk, &walk->at);
	default:
		return false;
	}
}

RCGO_UNINSTRUMENTED_READS static inline uintptr_t
word_at(uintptr_t address)
{
	uintptr_t word;

	__builtin_memcpy(&word, (const void *)address, sizeof word);
	return word;
}

// Walks from the walk's place on as long as rules are in the cache, of the common kinds and within
// the current object, and what they read is in the window of the stack: then everything is in
// registers, and the next frame's rule is read while this one's words arrive. Returns the rule of
// the place that it came to, which is not given yet; RCGO_UNWIND_ENTRY_NONE when it has to be
// looked for.
RCGO_UNINSTRUMENTED_READS static uint64_t
walk_quickly(struct rcgo_unwind *walk)
{
	const struct rcgo_unwind_object *object = &walk->object[walk->current];
	const uintptr_t start = object->module.start, size = object->size;
	const uintptr_t lo = walk->memory.stack.lo, room = walk->memory.stack.room;
	const uint64_t module_hash = object->module_hash;
	uintptr_t *out = walk->pcs + walk->n, *end = walk->pcs + walk->max;
	uintptr_t pc = walk->at.pc, sp = walk->at.sp, fp = walk->at.fp;
	uintptr_t back = !walk->at.pc_is_precise;
	uint64_t rule = RCGO_UNWIND_ENTRY_NONE;

	while (pc - back - start < size) {
		uintptr_t base, cfa, ra_at, fp_at, saved;

		rule = rcgo__unwind_cache_find(pc, rcgo__unwind_cache_key(pc - back, module_hash));
		if (RCGO_UNLIKELY(rule == RCGO_UNWIND_ENTRY_NONE ||
				  (rule & RCGO_UNWIND_ENTRY_RARE) != 0 || out == end ||
				  rcgo__unwind_is_boundary(pc))) {
			break;
		}
		base = (rule & 1) != 0 ? sp : fp;
		cfa = base + RCGO_UNWIND_ENTRY_CFA(rule);
		ra_at = base + RCGO_UNWIND_ENTRY_RA_AT(rule);
		fp_at = cfa + RCGO_UNWIND_ENTRY_FP_AT(rule);
		if (RCGO_UNLIKELY(ra_at - lo >= room || fp_at - lo >= room || cfa < sp + back ||
				  cfa % RCGO_WORD_SIZE != 0)) {
			break;
		}
		*out++ = pc - back;
		pc = rcgo__arch_strip(word_at(ra_at));
		saved = word_at(fp_at);
		fp = (rule & RCGO_UNWIND_ENTRY_FP_SAVED) != 0 ? saved : fp;
		sp = cfa;
		back = 1;
		rule = RCGO_UNWIND_ENTRY_NONE;
	}
	walk->at.pc = pc;
	walk->at.sp = sp;
	walk->at.fp = fp;
	walk->at.pc_is_precise = back == 0;
	walk->n = (size_t)(out - walk->pcs);
	return rule;
}

bool
rcgo__unwind_ahead(struct rcgo_unwind *walk, struct rcgo_unwind_frame *at, uintptr_t *start)
{
	struct rcgo_unwind_frame was = walk->at;
	uint64_t rule;
	bool stepped;

	// In this order, so that the buffers of one are not on the stack of the other.
	if (!rcgo__unwind_select_object(walk, rcgo__unwind_frame_lookup_pc(at)) ||
		!rcgo__unwind_start(walk, rcgo__unwind_frame_lookup_pc(at), start)) {
		return false;
	}
	walk->at = *at;
	rule = find_rule(walk, false);
	walk->at = was;
	switch (RCGO_UNWIND_ENTRY_KIND(rule)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		stepped = step_cfa(&walk->memory, at, rule);
		break;
	case RCGO_UNWIND_ENTRY_END:
		at->pc = 0;
		stepped = true;
		break;
	default:
		stepped = false;
		break;
	}
	return stepped;
}

// Not inlined: what it has on the stack must not be there while a walk with all registers is.
__attribute__((noinline)) bool
rcgo__unwind_cached(struct rcgo_unwind *walk)
{
	struct rcgo_unwind_frame *at = &walk->at;
	struct rcgo_cfi_fast quick;

	walk->quick = &quick;
	walk->quick_of = RCGO_COUNTOF(walk->object);
	// A call of nothing: there is only what it came from.
	if (RCGO_UNLIKELY(at->pc == 0) && at->pc_is_precise && !rcgo__heuristic_step(walk, at)) {
		return true;
	}
	while (walk->n < walk->max || rcgo__unwind_fold(walk)) {
		uint64_t rule =
			RCGO_LIKELY(walk->skip == 0) ? walk_quickly(walk) : RCGO_UNWIND_ENTRY_NONE;

		// On in another object.
		if (rule == RCGO_UNWIND_ENTRY_NONE && walk->skip == 0 && !in_current(walk) &&
			rcgo__unwind_select_object(walk, rcgo__unwind_frame_lookup_pc(at))) {
			rule = walk_quickly(walk);
		}
		if (at->pc == 0 || rcgo__unwind_is_boundary(at->pc)) {
			break;
		}
		if (walk->n == walk->max) {
			continue;
		}
		if (rule == RCGO_UNWIND_ENTRY_NONE && at->pc % RCGO_PC_ALIGN == 0) {
			rule = find_rule(walk, walk->skip == 0);
		}
		if (rule == RCGO_UNWIND_ENTRY_SLOW) {
			return false;
		}
		if (rule == RCGO_UNWIND_ENTRY_NONE || rule == RCGO_UNWIND_ENTRY_BOUNDARY) {
			walk->lost = rule == RCGO_UNWIND_ENTRY_NONE;
			break;
		}
		if (walk->skip > 0) {
			walk->skip--;
		} else {
			walk->pcs[walk->n++] = rcgo__unwind_frame_lookup_pc(at);
		}
		if (!step_rule(walk, rule)) {
			walk->lost = RCGO_UNWIND_ENTRY_KIND(rule) != RCGO_UNWIND_ENTRY_END;
			break;
		}
	}
	return true;
}

// Traceback Generation, unwind: what a program counter lies in: an object, a restorer.
// Runs in handlers.

bool
rcgo__unwind_select_object(struct rcgo_unwind *walk, uintptr_t pc)
{
	struct rcgo_unwind_object *object;

	for (unsigned i = 0; i < RCGO_COUNTOF(walk->object); i++) {
		if (pc - walk->object[i].module.start < walk->object[i].size) {
			walk->current = i;
			return true;
		}
	}
	walk->current = (walk->current + 1) % RCGO_COUNTOF(walk->object);
	object = &walk->object[walk->current];
	if (!rcgo__module_find(pc, &object->module)) {
		object->size = 0;
		return false;
	}
	walk->unloadable |= !object->module.nodelete;
	object->size = object->module.end - object->module.start;
	object->module_hash = object->module.key * RCGO_UNWIND_ENTRY_MIX;
	if (walk->quick_of == walk->current) {
		walk->quick_of = RCGO_COUNTOF(walk->object);
	}
	return pc - object->module.start < object->size;
}

static struct rcgo_cfi_area
area_of(const struct rcgo_module *module)
{
	return (struct rcgo_cfi_area){
		.start = module->start,
		.end = module->end,
		.nodelete = module->nodelete,
	};
}

uint64_t
rcgo__unwind_fast_entry(struct rcgo_unwind *walk)
{
	struct rcgo_unwind_object *object = &walk->object[walk->current];
	struct rcgo_cfi_area area = area_of(&object->module);
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&walk->at);

	if (!object->module.nodelete || object->module.eh_frame_hdr == NULL) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	if (walk->quick_of != walk->current) {
		walk->quick_of = walk->current;
		rcgo__cfi_fast_forget(walk->quick);
	}
	if (!rcgo__cfi_fast_code(&area, walk->at.pc, walk->quick)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	return rcgo__cfi_fast(&area, (uintptr_t)object->module.eh_frame_hdr,
		object->module.eh_frame_hdr_size, pc, walk->quick);
}

// What has no sorted table: .eh_frame of static programs, or a copy of .debug_frame, which stays.
static bool
debug_fde(const struct rcgo_module *module, const struct rcgo_debug_frame *found,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	struct rcgo_cfi_area area = {
		.start = found->start,
		.end = found->end,
		.nodelete = true,
		.debug_frame = found->loaded ? 0 : found->start,
		.bias = found->loaded ? 0 : module->bias,
	};

	return rcgo__cfi_parse(&area, found->fde, fde, copy);
}

bool
rcgo__unwind_debug(const struct rcgo_unwind *walk, uintptr_t pc, struct rcgo_debug_frame *found)
{
	return rcgo__debug_frame_find(&walk->object[walk->current].module, pc, found);
}

bool
rcgo__unwind_fde(const struct rcgo_unwind *walk, uintptr_t pc, const struct rcgo_debug_frame *found,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	const struct rcgo_module *module = &walk->object[walk->current].module;
	struct rcgo_cfi_area area = area_of(module);

	if (found != NULL) {
		return debug_fde(module, found, fde, copy) &&
		       pc - fde->start < fde->end - fde->start;
	}
	return module->eh_frame_hdr != NULL &&
	       rcgo__cfi_find(&area, (uintptr_t)module->eh_frame_hdr, module->eh_frame_hdr_size, pc,
		       fde, copy);
}

// Not inlined: the buffers are not to be on the stack of who asks.
__attribute__((noinline)) bool
rcgo__unwind_start(const struct rcgo_unwind *walk, uintptr_t pc, uintptr_t *start)
{
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;

	if (!rcgo__unwind_fde(walk, pc, NULL, &fde, &copy)) {
		return false;
	}
	*start = fde.start;
	return true;
}

__attribute__((noinline)) uintptr_t
rcgo__unwind_gap(const struct rcgo_unwind *walk, uintptr_t pc)
{
	struct rcgo_fde fde = {.start = 0, .end = 0};
	struct rcgo_cfi_copy copy;

	// The sorted table gives the last function that begins before pc.
	if (rcgo__unwind_fde(walk, pc, NULL, &fde, &copy) || fde.start > pc || fde.end > pc) {
		return 0;
	}
	return fde.end;
}

bool
rcgo__unwind_may_be_code(const struct rcgo_unwind *walk, uintptr_t pc)
{
	struct rcgo_module module;

	if (pc < RCGO_NOFAULT_PAGE) {
		return false;
	}
	for (unsigned i = 0; i < RCGO_COUNTOF(walk->object); i++) {
		if (pc - walk->object[i].module.start < walk->object[i].size) {
			return true;
		}
	}
	return rcgo__list_find(pc, &module) || rcgo__dlfo_find(pc, &module) == RCGO_LOOKUP_YES;
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__unwind_is_sigreturn(const struct rcgo_unwind *walk, uintptr_t pc)
{
	struct rcgo_cfi_area area = area_of(&walk->object[walk->current].module);
	uint8_t buf[RCGO_SIGRETURN_SIZE], own[RCGO_SIGRETURN_SIZE];
	const uint8_t *code = rcgo__cfi_view(&area, pc, sizeof buf, buf, sizeof buf);

	if (code == NULL) {
		return false;
	}
	// Not by memcpy, which the sanitizers watch.
	for (unsigned i = 0; i < sizeof own; i++) {
		own[i] = code[i];
		__asm__("" ::: "memory");
	}
	return rcgo__arch_is_sigreturn(own);
}
