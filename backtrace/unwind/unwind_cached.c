// SPDX-License-Identifier: BSD-3-Clause
// Unwinding by cached entries. Runs in signal handlers with all signals blocked.
// Long because: the fast loop keeps all state in registers, and the compiler inlines the rest.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "debug_frame.h"
#include "module_internal.h"
#include "unwind_cache.h"
#include "unwind_step.h"

// Computes the entry of a frame in the current object. Returns RCGO_UNWIND_ENTRY_NONE without
// unwind information. Not inlined: its stack frame must not be live while unwind information is
// searched for.
static __attribute__((noinline)) uint64_t
compute_entry(const struct rcgo_unwind *unwind, const struct rcgo_unwind_frame *frame,
	const struct rcgo_debug_frame *found)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(frame);
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;
	struct rcgo_cfi_row row;

	if (rcgo__unwind_is_sigreturn(unwind, frame->pc)) {
		return RCGO_UNWIND_ENTRY_SIGNAL;
	}
	if (!rcgo__unwind_fde(unwind, pc, found, &fde, &copy)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	if (!rcgo__cfi_row(&fde, pc, true, &row)) {
		return RCGO_UNWIND_ENTRY_HEURISTIC;
	}
	return rcgo__cfi_unwind_entry(&fde, pc, &row);
}

// Computes the entry of a frame that the fast path cannot handle. It also searches .debug_frame.
static __attribute__((noinline)) uint64_t
compute_entry_slow(const struct rcgo_unwind *unwind, const struct rcgo_unwind_frame *frame)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(frame);
	uint64_t entry = compute_entry(unwind, frame, NULL);
	struct rcgo_debug_frame found;

	if (entry == RCGO_UNWIND_ENTRY_NONE && rcgo__unwind_object_is_opaque(unwind)) {
		return RCGO_UNWIND_ENTRY_BOUNDARY;
	}
	if (entry == RCGO_UNWIND_ENTRY_NONE && rcgo__unwind_debug(unwind, pc, &found)) {
		entry = compute_entry(unwind, frame, &found);
	}
	if (entry == RCGO_UNWIND_ENTRY_NONE) {
		entry = RCGO_UNWIND_ENTRY_HEURISTIC;
	}
	return entry;
}

// Computes the entry of the current frame, which is in the current object, and caches it.
static __attribute__((noinline)) uint64_t
add_entry(struct rcgo_unwind *unwind)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&unwind->frame);
	uint64_t entry = rcgo__unwind_fast_entry(unwind);

	if (entry == RCGO_UNWIND_ENTRY_NONE) {
		entry = compute_entry_slow(unwind, &unwind->frame);
	}
	rcgo__unwind_cache_store(unwind->frame.pc,
		rcgo__unwind_cache_key(pc, unwind->object[unwind->current].module_hash), entry);
	return entry;
}

// Returns the entry of a frame outside of all objects. It may be JIT code, a signal restorer that
// the kernel or an emulator installed, or no code: RCGO_UNWIND_ENTRY_NONE. A precise frame is taken
// as code.
static RCGO_COLD uint64_t
entry_outside_objects(const struct rcgo_unwind_frame *frame)
{
	if (rcgo__heuristic_is_sigreturn(frame->pc)) {
		return RCGO_UNWIND_ENTRY_SIGNAL;
	}
	return frame->pc_is_precise || rcgo__heuristic_is_return(frame->pc)
		       ? RCGO_UNWIND_ENTRY_HEURISTIC
		       : RCGO_UNWIND_ENTRY_NONE;
}

static inline bool
in_current(const struct rcgo_unwind *unwind)
{
	const struct rcgo_unwind_object *object = &unwind->object[unwind->current];

	return rcgo__unwind_frame_lookup_pc(&unwind->frame) - object->module.start < object->size;
}

// Returns the entry of the current frame, which may be in another object. missed means that
// the entry is known not to be in the cache.
static __attribute__((noinline)) uint64_t
find_entry(struct rcgo_unwind *unwind, bool missed)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&unwind->frame);
	uint64_t entry;

	if (missed && in_current(unwind)) {
		return add_entry(unwind);
	}
	if (!rcgo__unwind_select_object(unwind, pc)) {
		return entry_outside_objects(&unwind->frame);
	}
	entry = rcgo__unwind_cache_find(unwind->frame.pc,
		rcgo__unwind_cache_key(pc, unwind->object[unwind->current].module_hash));
	return entry != RCGO_UNWIND_ENTRY_NONE ? entry : add_entry(unwind);
}

// Steps from a signal frame to the interrupted frame, which may be on another stack.
static bool
step_signal(struct rcgo_stack_reader *reader, struct rcgo_unwind_frame *frame)
{
	uintptr_t uc = frame->sp + RCGO_SIGFRAME_UC;
	uintptr_t sp;

	rcgo__unwind_note_restorer(frame->pc);
	if (!rcgo__stack_reader_word(reader, uc + RCGO_UC_PC, &frame->pc) ||
		!rcgo__stack_reader_word(reader, uc + RCGO_UC_FP, &frame->fp) ||
		!rcgo__stack_reader_word(reader, uc + RCGO_UC_LR, &frame->lr) ||
		!rcgo__stack_reader_word(reader, uc + RCGO_UC_SP, &sp)) {
		return false;
	}
	frame->sp = sp;
	frame->pc_is_precise = true;
	rcgo__stack_reader_set(reader, sp);
	return true;
}

// Steps to the caller by an entry with a CFA. A frame that was not interrupted has pushed or saved
// its return address, so its caller's stack pointer is above its own.
static bool
step_cfa(struct rcgo_stack_reader *reader, struct rcgo_unwind_frame *frame, uint64_t entry)
{
	unsigned kind = RCGO_UNWIND_ENTRY_KIND(entry);
	uintptr_t base = (kind & 1) != 0 ? frame->sp : frame->fp;
	uintptr_t cfa = base + RCGO_UNWIND_ENTRY_CFA(entry);

	if (RCGO_UNWIND_ENTRY_LOADS(entry)) {
		if (!rcgo__stack_reader_word(reader, cfa, &cfa)) {
			return false;
		}
		cfa += RCGO_UNWIND_ENTRY_ADD(entry);
		base = cfa;
	}
	if (cfa < frame->sp + !frame->pc_is_precise || cfa % RCGO_WORD_SIZE != 0) {
		return false;
	}
	if (RCGO_HAS_LR && (entry & RCGO_UNWIND_ENTRY_RA_IN_LR) != 0) {
		if (!frame->pc_is_precise) {
			return false;
		}
		frame->pc = frame->lr;
	} else if (!rcgo__stack_reader_word(
			   reader, base + RCGO_UNWIND_ENTRY_RA_AT(entry), &frame->pc)) {
		return false;
	}
	if ((entry & RCGO_UNWIND_ENTRY_FP_SAVED) != 0 &&
		!rcgo__stack_reader_word(
			reader, cfa + RCGO_UNWIND_ENTRY_FP_AT(entry), &frame->fp)) {
		return false;
	}
	frame->pc = rcgo__arch_strip(frame->pc);
	frame->sp = cfa;
	frame->pc_is_precise = (entry & RCGO_UNWIND_ENTRY_INTERRUPTED) != 0;
	return true;
}

static __attribute__((noinline)) bool
step_by_entry(struct rcgo_unwind *unwind, uint64_t entry)
{
	switch (RCGO_UNWIND_ENTRY_KIND(entry)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		return step_cfa(&unwind->reader, &unwind->frame, entry);
	case RCGO_UNWIND_ENTRY_SIGNAL:
		return step_signal(&unwind->reader, &unwind->frame);
	case RCGO_UNWIND_ENTRY_HEURISTIC:
		return rcgo__heuristic_step(unwind, &unwind->frame);
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

// The fast loop. It unwinds while entries are cached, of a common kind and in the current object,
// and while the words that they refer to are in the readable range of the stack. All state is then
// in registers, and the next frame's entry is loaded while this frame's words arrive. Returns the
// entry of the frame it stopped at, which is not reported yet; RCGO_UNWIND_ENTRY_NONE if the entry
// must be looked up.
RCGO_UNINSTRUMENTED_READS static uint64_t
unwind_fast_loop(struct rcgo_unwind *unwind)
{
	const struct rcgo_unwind_object *object = &unwind->object[unwind->current];
	const uintptr_t start = object->module.start, size = object->size;
	const uintptr_t stack_lo = unwind->reader.stack.lo, stack_size = unwind->reader.stack.size;
	const uint64_t module_hash = object->module_hash;
	uintptr_t *out = unwind->pcs + unwind->n, *end = unwind->pcs + unwind->max;
	uintptr_t pc = unwind->frame.pc, sp = unwind->frame.sp, fp = unwind->frame.fp;
	uintptr_t back = !unwind->frame.pc_is_precise;
	uint64_t entry = RCGO_UNWIND_ENTRY_NONE;

	while (pc - back - start < size) {
		uintptr_t base, cfa, ra_at, fp_at, saved;

		entry = rcgo__unwind_cache_find(pc, rcgo__unwind_cache_key(pc - back, module_hash));
		if (RCGO_UNLIKELY(entry == RCGO_UNWIND_ENTRY_NONE ||
				  (entry & RCGO_UNWIND_ENTRY_RARE) != 0 || out == end ||
				  rcgo__unwind_is_boundary(pc))) {
			break;
		}
		base = (entry & 1) != 0 ? sp : fp;
		cfa = base + RCGO_UNWIND_ENTRY_CFA(entry);
		ra_at = base + RCGO_UNWIND_ENTRY_RA_AT(entry);
		fp_at = cfa + RCGO_UNWIND_ENTRY_FP_AT(entry);
		if (RCGO_UNLIKELY(ra_at - stack_lo >= stack_size ||
				  fp_at - stack_lo >= stack_size || cfa < sp + back ||
				  cfa % RCGO_WORD_SIZE != 0)) {
			break;
		}
		*out++ = pc - back;
		pc = rcgo__arch_strip(word_at(ra_at));
		saved = word_at(fp_at);
		fp = (entry & RCGO_UNWIND_ENTRY_FP_SAVED) != 0 ? saved : fp;
		sp = cfa;
		back = 1;
		entry = RCGO_UNWIND_ENTRY_NONE;
	}
	unwind->frame.pc = pc;
	unwind->frame.sp = sp;
	unwind->frame.fp = fp;
	unwind->frame.pc_is_precise = back == 0;
	unwind->n = (size_t)(out - unwind->pcs);
	return entry;
}

bool
rcgo__unwind_ahead(struct rcgo_unwind *unwind, struct rcgo_unwind_frame *frame, uintptr_t *start)
{
	struct rcgo_unwind_frame was = unwind->frame;
	uint64_t entry;
	bool stepped;

	// In this order, so that the buffers of the two calls are never on the stack together.
	if (!rcgo__unwind_select_object(unwind, rcgo__unwind_frame_lookup_pc(frame)) ||
		!rcgo__unwind_start(unwind, rcgo__unwind_frame_lookup_pc(frame), start)) {
		return false;
	}
	unwind->frame = *frame;
	entry = find_entry(unwind, false);
	unwind->frame = was;
	switch (RCGO_UNWIND_ENTRY_KIND(entry)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		stepped = step_cfa(&unwind->reader, frame, entry);
		break;
	case RCGO_UNWIND_ENTRY_END:
		frame->pc = 0;
		stepped = true;
		break;
	default:
		stepped = false;
		break;
	}
	return stepped;
}

// Not inlined: its stack frame must not be live during an unwind with all registers.
__attribute__((noinline)) bool
rcgo__unwind_cached(struct rcgo_unwind *unwind)
{
	struct rcgo_unwind_frame *frame = &unwind->frame;
	struct rcgo_cfi_fast fast;

	unwind->fast = &fast;
	unwind->fast_object = RCGO_COUNTOF(unwind->object);
	// A call of address 0: only the caller's frame exists.
	if (RCGO_UNLIKELY(frame->pc == 0) && frame->pc_is_precise &&
		!rcgo__heuristic_step(unwind, frame)) {
		return true;
	}
	while (unwind->n < unwind->max || rcgo__unwind_fold(unwind)) {
		uint64_t entry = RCGO_LIKELY(unwind->skip == 0) ? unwind_fast_loop(unwind)
								: RCGO_UNWIND_ENTRY_NONE;

		// Continue in another object.
		if (entry == RCGO_UNWIND_ENTRY_NONE && unwind->skip == 0 && !in_current(unwind) &&
			rcgo__unwind_select_object(unwind, rcgo__unwind_frame_lookup_pc(frame))) {
			entry = unwind_fast_loop(unwind);
		}
		if (frame->pc == 0 || rcgo__unwind_is_boundary(frame->pc)) {
			break;
		}
		if (unwind->n == unwind->max) {
			continue;
		}
		if (entry == RCGO_UNWIND_ENTRY_NONE && frame->pc % RCGO_PC_ALIGN == 0) {
			entry = find_entry(unwind, unwind->skip == 0);
		}
		if (entry == RCGO_UNWIND_ENTRY_SLOW) {
			return false;
		}
		if (entry == RCGO_UNWIND_ENTRY_NONE || entry == RCGO_UNWIND_ENTRY_BOUNDARY) {
			unwind->lost = entry == RCGO_UNWIND_ENTRY_NONE;
			break;
		}
		if (unwind->skip > 0) {
			unwind->skip--;
		} else {
			unwind->pcs[unwind->n++] = rcgo__unwind_frame_lookup_pc(frame);
		}
		if (!step_by_entry(unwind, entry)) {
			unwind->lost = RCGO_UNWIND_ENTRY_KIND(entry) != RCGO_UNWIND_ENTRY_END;
			break;
		}
	}
	return true;
}

// Lookup of a program counter: its object, its unwind information, signal restorers.

bool
rcgo__unwind_select_object(struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_unwind_object *object;

	for (unsigned i = 0; i < RCGO_COUNTOF(unwind->object); i++) {
		if (pc - unwind->object[i].module.start < unwind->object[i].size) {
			unwind->current = i;
			return true;
		}
	}
	unwind->current = (unwind->current + 1) % RCGO_COUNTOF(unwind->object);
	object = &unwind->object[unwind->current];
	if (!rcgo__module_find(pc, &object->module)) {
		object->size = 0;
		return false;
	}
	unwind->unloadable |= !object->module.nodelete;
	object->size = object->module.end - object->module.start;
	object->module_hash = object->module.key * RCGO_UNWIND_ENTRY_MIX;
	if (unwind->fast_object == unwind->current) {
		unwind->fast_object = RCGO_COUNTOF(unwind->object);
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
rcgo__unwind_fast_entry(struct rcgo_unwind *unwind)
{
	struct rcgo_unwind_object *object = &unwind->object[unwind->current];
	struct rcgo_cfi_area area = area_of(&object->module);
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&unwind->frame);

	if (!object->module.nodelete || object->module.eh_frame_hdr == NULL) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	if (unwind->fast_object != unwind->current) {
		unwind->fast_object = unwind->current;
		rcgo__cfi_fast_forget(unwind->fast);
	}
	if (!rcgo__cfi_fast_code(&area, unwind->frame.pc, unwind->fast)) {
		return RCGO_UNWIND_ENTRY_NONE;
	}
	return rcgo__cfi_fast(&area, (uintptr_t)object->module.eh_frame_hdr,
		object->module.eh_frame_hdr_size, pc, unwind->fast);
}

// Unwind information without a sorted table: .eh_frame of static programs, or the copy of
// .debug_frame, which is never freed.
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
rcgo__unwind_debug(const struct rcgo_unwind *unwind, uintptr_t pc, struct rcgo_debug_frame *found)
{
	return rcgo__debug_frame_find(&unwind->object[unwind->current].module, pc, found);
}

bool
rcgo__unwind_fde(const struct rcgo_unwind *unwind, uintptr_t pc,
	const struct rcgo_debug_frame *found, struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	const struct rcgo_module *module = &unwind->object[unwind->current].module;
	struct rcgo_cfi_area area = area_of(module);

	if (found != NULL) {
		return debug_fde(module, found, fde, copy) &&
		       pc - fde->start < fde->end - fde->start;
	}
	return module->eh_frame_hdr != NULL &&
	       rcgo__cfi_find(&area, (uintptr_t)module->eh_frame_hdr, module->eh_frame_hdr_size, pc,
		       fde, copy);
}

// Not inlined: the buffers must not be on the caller's stack.
__attribute__((noinline)) bool
rcgo__unwind_start(const struct rcgo_unwind *unwind, uintptr_t pc, uintptr_t *start)
{
	struct rcgo_fde fde;
	struct rcgo_cfi_copy copy;

	if (!rcgo__unwind_fde(unwind, pc, NULL, &fde, &copy)) {
		return false;
	}
	*start = fde.start;
	return true;
}

__attribute__((noinline)) uintptr_t
rcgo__unwind_gap(const struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_fde fde = {.start = 0, .end = 0};
	struct rcgo_cfi_copy copy;

	// The sorted table gives the last function that starts before pc.
	if (rcgo__unwind_fde(unwind, pc, NULL, &fde, &copy) || fde.start > pc || fde.end > pc) {
		return 0;
	}
	return fde.end;
}

bool
rcgo__unwind_may_be_code(const struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_module module;

	if (pc < RCGO_NOFAULT_PAGE) {
		return false;
	}
	for (unsigned i = 0; i < RCGO_COUNTOF(unwind->object); i++) {
		if (pc - unwind->object[i].module.start < unwind->object[i].size) {
			return true;
		}
	}
	return rcgo__list_find(pc, &module) || rcgo__dlfo_find(pc, &module) == RCGO_LOOKUP_YES;
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__unwind_is_sigreturn(const struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_cfi_area area = area_of(&unwind->object[unwind->current].module);
	uint8_t buf[RCGO_SIGRETURN_SIZE], own[RCGO_SIGRETURN_SIZE];
	const uint8_t *code = rcgo__cfi_view(&area, pc, sizeof buf, buf, sizeof buf);

	if (code == NULL) {
		return false;
	}
	// Not memcpy, which the sanitizers intercept.
	for (unsigned i = 0; i < sizeof own; i++) {
		own[i] = code[i];
		__asm__("" ::: "memory");
	}
	return rcgo__arch_is_sigreturn(own);
}
