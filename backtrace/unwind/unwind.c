// SPDX-License-Identifier: BSD-3-Clause
// Unwinding by cached entries, and the entry points of the unwinder: all code that a profile sample
// needs unless an entry is missing (unwind_step.c). Runs in signal handlers with all signals
// blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif
#include "mark.h"
#include "module_generation.h"
#include "unwind_cache.h"
#include "unwind_step.h"

// Objects that stay mapped until the process ends, in the order in which unwinds met them. Most
// programs have a handful.
#define PERMANENT_OBJECTS 8

struct permanent_object {
	uintptr_t claimed; // the object's start; 0: a free slot
	struct rcgo_unwind_object object;
};
// owner: the thread that set claimed; lock: none; ordering: object.size is written last, with
// release
static struct permanent_object permanent_objects[PERMANENT_OBJECTS];

static bool
permanent_object_select(struct rcgo_unwind *unwind, uintptr_t pc)
{
	for (size_t i = 0; i < PERMANENT_OBJECTS; i++) {
		const struct permanent_object *known = &permanent_objects[i];

		if (pc - rcgo_load_rlx(&known->claimed) < rcgo_load_acq(&known->object.size)) {
			*rcgo__unwind_replace_object(unwind) = known->object;
			return true;
		}
	}
	return false;
}

static void
permanent_object_add(const struct rcgo_unwind_object *object)
{
	if (!object->module.nodelete || object->module.start == 0) {
		return;
	}
	for (size_t i = 0; i < PERMANENT_OBJECTS; i++) {
		struct permanent_object *known = &permanent_objects[i];
		uintptr_t start = 0;

		if (rcgo_cas(&known->claimed, &start, object->module.start)) {
			known->object.module = object->module;
			known->object.module_hash = object->module_hash;
			rcgo_store_rel(&known->object.size, object->size);
			return;
		}
		if (start == object->module.start) {
			return;
		}
	}
}

// Makes the object that contains pc the current one. Returns false if there is none.
static bool
select_object(struct rcgo_unwind *unwind, uintptr_t pc)
{
	if (rcgo__unwind_reselect_object(unwind, pc) || permanent_object_select(unwind, pc)) {
		return true;
	}
	if (!rcgo__unwind_find_object(unwind, pc)) {
		return false;
	}
	permanent_object_add(&unwind->object[unwind->current]);
	return true;
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

static __attribute__((noinline)) bool
step_by_entry(struct rcgo_unwind *unwind, uint64_t entry)
{
	switch (RCGO_UNWIND_ENTRY_KIND(entry)) {
	case RCGO_UNWIND_ENTRY_SP:
	case RCGO_UNWIND_ENTRY_FP:
	case RCGO_UNWIND_ENTRY_SP_LOAD:
	case RCGO_UNWIND_ENTRY_FP_LOAD:
		return rcgo__unwind_step_cfa(&unwind->reader, &unwind->frame, entry);
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
		sp = RCGO_SP_OF_CFA(cfa);
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

// Runs the fast loop, and once more if the frames go on in another object.
static inline uint64_t
unwind_fast(struct rcgo_unwind *unwind)
{
	uint64_t entry = unwind_fast_loop(unwind);

	if (entry == RCGO_UNWIND_ENTRY_NONE && !rcgo__unwind_in_current(unwind) &&
		select_object(unwind, rcgo__unwind_frame_lookup_pc(&unwind->frame))) {
		entry = unwind_fast_loop(unwind);
	}
	return entry;
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
		uint64_t entry = RCGO_LIKELY(unwind->skip == 0) ? unwind_fast(unwind)
								: RCGO_UNWIND_ENTRY_NONE;

		if (frame->pc == 0 || rcgo__unwind_is_boundary(frame->pc)) {
			break;
		}
		if (unwind->n == unwind->max) {
			continue;
		}
		if (entry == RCGO_UNWIND_ENTRY_NONE && frame->pc % RCGO_PC_ALIGN == 0) {
			entry = rcgo__unwind_find_entry(unwind, unwind->skip == 0);
		}
		if (entry == RCGO_UNWIND_ENTRY_SLOW) {
			return false;
		}
		if (entry == RCGO_UNWIND_ENTRY_NONE || entry == RCGO_UNWIND_ENTRY_BOUNDARY) {
			unwind->lost = entry == RCGO_UNWIND_ENTRY_NONE;
			unwind->opaque = !unwind->lost;
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

// The entry points.

// Unwinds from the frame in *unwind; start is where its registers came from.
static size_t
unwind_from_frame(struct rcgo_unwind *unwind, const struct rcgo_unwind_start *start, uintptr_t *pcs,
	size_t max)
{
	struct rcgo_unwind_frame from = unwind->frame;
	size_t skip = unwind->skip;

	unwind->object[0].size = 0;
	unwind->object[0].module.start = 0;
	unwind->object[1].size = 0;
	unwind->object[1].module.start = 0;
	unwind->current = 0;
	unwind->unloadable = false;
	unwind->lost = false;
	unwind->opaque = false;
	unwind->pcs = pcs;
	unwind->max = max;
	unwind->n = 0;
	rcgo__stack_reader_init(&unwind->reader, start->stack, from.sp);
	if (!rcgo__unwind_cached(unwind)) {
		unwind->frame = from;
		unwind->skip = skip;
		unwind->lost = false;
		rcgo__unwind_fold_again(unwind);
		rcgo__stack_reader_set(&unwind->reader, from.sp);
		rcgo__unwind_slow(unwind, start);
	}
	if (RCGO_UNLIKELY(unwind->fold != NULL && unwind->fold->head != NULL)) {
		rcgo__unwind_unfold(unwind);
	}
	return unwind->n;
}

// Unwinds from the location that the signal with this ucontext_t interrupted.
RCGO_UNINSTRUMENTED_READS static size_t
unwind_from_ucontext(struct rcgo_unwind *unwind, const void *ucontext,
	const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	const char *uc = ucontext;
	struct rcgo_unwind_start start = {.ucontext = ucontext, .saved = NULL, .stack = stack};

	unwind->frame = (struct rcgo_unwind_frame){
		.pc = *(const uintptr_t *)(const void *)(uc + RCGO_UC_PC),
		.sp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_SP),
		.fp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_FP),
		.lr = *(const uintptr_t *)(const void *)(uc + RCGO_UC_LR),
		.pc_is_precise = true,
	};
	unwind->skip = 0;
	return unwind_from_frame(unwind, &start, pcs, max);
}

size_t
rcgo__unwind_from_handler(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind unwind;

	unwind.fold = NULL;
	return unwind_from_ucontext(&unwind, ucontext, stack, pcs, max);
}

// A smaller array has no room for marks.
#define MARKS_MIN 8

// Only these fields are initialized: clearing the whole struct would take as long as several
// frames.
static struct rcgo_fold *
fold_init(struct rcgo_fold *fold, size_t max, bool counts)
{
	fold->counts = counts;
	fold->head = NULL;
	fold->elided = 0;
	return max >= MARKS_MIN ? fold : NULL;
}

RCGO_UNINSTRUMENTED_READS static bool
fetch_failed(const ucontext_t *uc)
{
	return RCGO_UC_FETCH_FAILED(uc);
}

size_t
rcgo__unwind_report(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	uintptr_t pc = rcgo__unwind_pc(ucontext);
	bool not_code = max >= MARKS_MIN && fetch_failed(ucontext);
	// A program counter of 0 has no frame in the result.
	size_t marked = not_code && pc == 0;
	struct rcgo_fold fold;
	struct rcgo_unwind unwind;
	size_t n;

	unwind.fold = fold_init(&fold, max, true);
	n = marked + unwind_from_ucontext(&unwind, ucontext, stack, pcs + marked, max - marked);
	if (not_code && (marked || (n > 0 && pcs[0] == pc))) {
		pcs[0] = rcgo__mark(RCGO_MARK_NOT_CODE, pc);
	}
	if (unwind.lost && n < max && max >= MARKS_MIN) {
		pcs[n++] = rcgo__mark(RCGO_MARK_LOST, 0);
	}
	return n;
}

size_t
rcgo__unwind_sample(
	const void *ucontext, const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_fold fold;
	struct rcgo_unwind unwind;
	size_t n;

	unwind.fold = fold_init(&fold, max, false);
	n = unwind_from_ucontext(&unwind, ucontext, stack, pcs, max);
	if (unwind.unloadable) {
		rcgo__generations_tag(pcs, n);
	}
	return n;
}

uintptr_t
rcgo__unwind_pc(const void *ucontext)
{
	return *(const uintptr_t *)(const void *)((const char *)ucontext + RCGO_UC_PC);
}

static size_t
unwind_from_saved(const struct rcgo_saved_regs *saved, const struct rcgo_stack_bounds *stack,
	size_t skip, uintptr_t *pcs, size_t max, struct rcgo_unwind_end *end)
{
	struct rcgo_unwind_start start = {.ucontext = NULL, .saved = saved, .stack = stack};
	struct rcgo_unwind unwind;
	size_t n;

	unwind.fold = NULL;
	unwind.frame = (struct rcgo_unwind_frame){
		.pc = rcgo__arch_strip(saved->pc),
		.sp = saved->sp,
		.fp = saved->fp,
	};
	unwind.skip = skip;
	n = unwind_from_frame(&unwind, &start, pcs, max);
	end->pc = unwind.frame.pc;
	end->sp = unwind.frame.sp;
	end->fp = unwind.frame.fp;
	end->boundary = unwind.opaque || rcgo__unwind_is_boundary(end->pc);
	return n;
}

size_t
rcgo__unwind_saved(const struct rcgo_saved_regs *saved, const struct rcgo_stack_bounds *stack,
	uintptr_t *pcs, size_t max)
{
	struct rcgo_unwind_end end;

	return unwind_from_saved(saved, stack, 0, pcs, max, &end);
}

// The frame record that the caller of the leaf made begins at sp, and points to the next one. A
// function that passes no argument on the stack has its record at its stack pointer.
size_t
rcgo__unwind_past_leaf(uintptr_t sp, uintptr_t *pcs, size_t max)
{
	uintptr_t record[2];
	struct rcgo_saved_regs saved = {0};

	if (!RCGO_HAS_LR || !rcgo__copy_nofault(record, (const void *)sp, sizeof record)) {
		return 0;
	}
	saved.pc = rcgo__arch_strip(record[1]);
	saved.sp = saved.fp = record[0];
	if (saved.fp <= sp || saved.fp % sizeof record != 0 || !rcgo__code_is_return(saved.pc)) {
		return 0;
	}
	return rcgo__unwind_saved(&saved, NULL, pcs, max);
}

__attribute__((noinline)) size_t
rcgo__unwind_here_end(const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max,
	struct rcgo_unwind_end *end)
{
	struct rcgo_saved_regs saved;
	size_t n;

	rcgo__regs_capture(&saved);
	n = unwind_from_saved(&saved, stack, 1, pcs, max, end);
	// Prevents a tail call: this frame must be on the stack.
	__asm__("" : "+r"(n));
	return n;
}

__attribute__((noinline)) size_t
rcgo__unwind_here(const struct rcgo_stack_bounds *stack, uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs saved;
	struct rcgo_unwind_end end;
	size_t n;

	rcgo__regs_capture(&saved);
	n = unwind_from_saved(&saved, stack, 1, pcs, max, &end);
	// Prevents a tail call: this frame must be on the stack.
	__asm__("" : "+r"(n));
	return n;
}
