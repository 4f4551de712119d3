// SPDX-License-Identifier: BSD-3-Clause
// Lookup of a program counter: its object, its unwind information, signal restorers, and the cache
// entry that is computed from them; and the step to the caller by such an entry. Runs in signal
// handlers with all signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "debug_frame.h"
#include "module_internal.h"
#include "safe_read.h"
#include "unwind_cache.h"
#include "unwind_step.h"

bool
rcgo__unwind_find_object(struct rcgo_unwind *unwind, uintptr_t pc)
{
	struct rcgo_unwind_object *object = rcgo__unwind_replace_object(unwind);

	if (!rcgo__module_find(pc, &object->module)) {
		object->size = 0;
		// Code of a just-in-time compiler, which may be gone when it is symbolized.
		unwind->unloadable |= pc != 0;
		return false;
	}
	unwind->unloadable |= !object->module.nodelete;
	object->size = object->module.end - object->module.start;
	object->module_hash = object->module.key * RCGO_UNWIND_ENTRY_MIX;
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

__attribute__((noinline)) uint64_t
rcgo__unwind_add_entry(struct rcgo_unwind *unwind)
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

// A candidate return address may be any word, and the memory it points to may be unmapped
// meanwhile.
static bool
read_code(uintptr_t pc, uint8_t *code, unsigned size)
{
	return pc >= RCGO_NOFAULT_PAGE && rcgo__copy_nofault(code, (const void *)pc, size);
}

bool
rcgo__code_is_return(uintptr_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];

	return pc % RCGO_PC_ALIGN == 0 && read_code(pc - RCGO_CALL_SIZE, before, RCGO_CALL_SIZE) &&
	       rcgo__arch_is_call(before);
}

bool
rcgo__code_is_sigreturn(uintptr_t pc)
{
	uint8_t code[RCGO_SIGRETURN_SIZE];

	return read_code(pc, code, RCGO_SIGRETURN_SIZE) && rcgo__arch_is_sigreturn(code);
}

// Returns the entry of a frame outside of all objects. It may be JIT code, a signal restorer that
// the kernel or an emulator installed, or no code: RCGO_UNWIND_ENTRY_NONE. A precise frame is taken
// as code.
static RCGO_COLD uint64_t
entry_outside_objects(const struct rcgo_unwind_frame *frame)
{
	if (rcgo__code_is_sigreturn(frame->pc)) {
		return RCGO_UNWIND_ENTRY_SIGNAL;
	}
	return frame->pc_is_precise || rcgo__code_is_return(frame->pc) ? RCGO_UNWIND_ENTRY_HEURISTIC
								       : RCGO_UNWIND_ENTRY_NONE;
}

__attribute__((noinline)) uint64_t
rcgo__unwind_find_entry(struct rcgo_unwind *unwind, bool missed)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(&unwind->frame);
	uint64_t entry;

	if (missed && rcgo__unwind_in_current(unwind)) {
		return rcgo__unwind_add_entry(unwind);
	}
	if (!rcgo__unwind_select_object(unwind, pc)) {
		return entry_outside_objects(&unwind->frame);
	}
	entry = rcgo__unwind_cache_find(unwind->frame.pc,
		rcgo__unwind_cache_key(pc, unwind->object[unwind->current].module_hash));
	return entry != RCGO_UNWIND_ENTRY_NONE ? entry : rcgo__unwind_add_entry(unwind);
}

bool
rcgo__unwind_step_cfa(
	struct rcgo_stack_reader *reader, struct rcgo_unwind_frame *frame, uint64_t entry)
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
	frame->sp = RCGO_SP_OF_CFA(cfa);
	frame->pc_is_precise = (entry & RCGO_UNWIND_ENTRY_INTERRUPTED) != 0;
	return true;
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
	entry = rcgo__unwind_find_entry(unwind, false);
	unwind->frame = was;
	switch (RCGO_UNWIND_ENTRY_KIND(entry)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		stepped = rcgo__unwind_step_cfa(&unwind->reader, frame, entry);
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
