// SPDX-License-Identifier: BSD-3-Clause
// Heuristic steps through frames without unwind information: JIT code, assembly, C that Go's
// internal linker linked. The scan searches the stack for the return address. A candidate is
// accepted if the call before it calls this function. After an indirect call, the frames must
// continue as unwind information describes. Safe in signal handlers, on any stack.

#include "unwind_step.h"

// The maximum number of words, and of candidate code addresses, to examine.
#define SCAN_WORDS 4096
#define SCAN_CODES 64
// After an acceptable candidate, the number of words to search for a better one.
#define SCAN_BEYOND 128
// The number of frames to follow from a candidate.
#define LEAD_FRAMES 4
// The number of registers saved together, among which the frame pointer may be.
#define SAVED_WORDS 8
// A word within this distance of the stack pointer is a stack address.
#define STACK_NEAR ((uintptr_t)8 << 20)

static bool
code_at(uintptr_t pc, uint8_t *code, unsigned size)
{
	return pc >= RCGO_NOFAULT_PAGE && rcgo__copy_nofault(code, (const void *)pc, size);
}

// Reports whether a call of target calls the function that starts in [from, to], possibly through a
// PLT stub.
static bool
is_call_of(const struct rcgo_heuristic *h, uintptr_t target, uintptr_t from, uintptr_t to)
{
	uint8_t code[RCGO_STUB_SIZE_MAX];
	uintptr_t word;

	if (target - from <= to - from) {
		return true;
	}
	return code_at(target, code, sizeof code) && rcgo__arch_plt_stub(code, target, &word) &&
	       rcgo__stack_reader_word(&h->unwind->reader, word, &target) &&
	       target - from <= to - from;
}

// Classifies the instruction before ra, for a function that starts in [from, to].
static enum rcgo_call
call_before(const struct rcgo_heuristic *h, uintptr_t ra, uintptr_t from, uintptr_t to)
{
	uint8_t before[RCGO_CALL_SIZE];
	uintptr_t target;

	if (ra % RCGO_PC_ALIGN != 0 || !code_at(ra - RCGO_CALL_SIZE, before, sizeof before) ||
		!rcgo__arch_is_call(before)) {
		return RCGO_CALL_NONE;
	}
	if (!rcgo__arch_call_target(before, ra, &target)) {
		return RCGO_CALL_UNKNOWN;
	}
	return is_call_of(h, target, from, to) ? RCGO_CALL_HERE : RCGO_CALL_ELSEWHERE;
}

enum rcgo_call
rcgo__heuristic_call(const struct rcgo_heuristic *h, uintptr_t ra)
{
	return call_before(h, ra, h->from, h->pc);
}

enum rcgo_lead
rcgo__heuristic_lead(const struct rcgo_heuristic *h, uintptr_t ra, uintptr_t sp, uintptr_t fp)
{
	struct rcgo_unwind_frame frame = {.pc = ra, .sp = sp, .fp = fp};
	uintptr_t start;

	for (unsigned i = 0; i < LEAD_FRAMES; i++) {
		// Go code calls C, and the stack beyond it is not C's.
		if (frame.pc == 0 || rcgo__unwind_is_boundary(frame.pc)) {
			return i > 0 || frame.pc != 0 ? RCGO_LEAD_YES : RCGO_LEAD_NO;
		}
		if (!rcgo__unwind_ahead(h->unwind, &frame, &start)) {
			// A frame without unwind information may follow frames that have it.
			return i > 0 ? RCGO_LEAD_WEAK : RCGO_LEAD_NO;
		}
		if (frame.pc == 0 || rcgo__unwind_is_boundary(frame.pc)) {
			continue;
		}
		switch (call_before(h, frame.pc, start, start)) {
		case RCGO_CALL_NONE:
			return RCGO_LEAD_NO;
		case RCGO_CALL_ELSEWHERE:
			return RCGO_LEAD_WEAK;
		case RCGO_CALL_HERE:
			return RCGO_LEAD_YES;
		default:
			break;
		}
	}
	return RCGO_LEAD_YES;
}

// Checks how plausibly the frames continue from a return address at ra_at. It tries *fp, then the
// words saved below ra_at as the frame pointer.
static enum rcgo_lead
continuation_from(const struct rcgo_heuristic *h, uintptr_t ra, uintptr_t ra_at, uintptr_t *fp)
{
	uintptr_t sp = ra_at + RCGO_WORD_SIZE;
	enum rcgo_lead lead = rcgo__heuristic_lead(h, ra, sp, *fp);

	for (unsigned i = 1; lead == RCGO_LEAD_NO && i <= SAVED_WORDS; i++) {
		uintptr_t at = ra_at - i * RCGO_WORD_SIZE;
		uintptr_t word;

		if (at < h->sp || !rcgo__stack_reader_word(&h->unwind->reader, at, &word)) {
			break;
		}
		if (word >= sp && word - sp < STACK_NEAR && word % RCGO_WORD_SIZE == 0) {
			lead = rcgo__heuristic_lead(h, ra, sp, word);
			if (lead != RCGO_LEAD_NO) {
				*fp = word;
			}
		}
	}
	return lead;
}

// The best candidate of a scan.
struct candidate {
	uintptr_t ra_at, fp;
	enum rcgo_call call;
};

// Examines one word. Returns false if no better candidate can follow.
static bool
consider_candidate(const struct rcgo_heuristic *h, uintptr_t at, uintptr_t ra, uintptr_t fp,
	struct candidate *best)
{
	enum rcgo_call call = rcgo__heuristic_call(h, ra);
	enum rcgo_lead lead;

	if (call <= best->call || call < RCGO_CALL_UNKNOWN) {
		return true;
	}
	lead = continuation_from(h, ra, at, &fp);
	if (call == RCGO_CALL_UNKNOWN && lead != RCGO_LEAD_YES) {
		return true;
	}
	*best = (struct candidate){.ra_at = at, .fp = fp, .call = call};
	return call != RCGO_CALL_HERE || lead == RCGO_LEAD_NO;
}

bool
rcgo__heuristic_scan(
	const struct rcgo_heuristic *h, uintptr_t limit, uintptr_t *ra_at, uintptr_t *fp)
{
	struct candidate best = {.call = RCGO_CALL_NONE};
	unsigned words = SCAN_WORDS, codes = SCAN_CODES;
	uintptr_t at = h->sp & ~(uintptr_t)(RCGO_WORD_SIZE - 1);

	for (; words > 0 && codes > 0 && at < limit; words--, at += RCGO_WORD_SIZE) {
		uintptr_t word;

		if (!rcgo__stack_reader_word(&h->unwind->reader, at, &word)) {
			break;
		}
		word = rcgo__arch_strip(word);
		if (word - h->sp + STACK_NEAR < 2 * STACK_NEAR ||
			!rcgo__unwind_may_be_code(h->unwind, word)) {
			continue;
		}
		codes--;
		if (!consider_candidate(h, at, word, *fp, &best)) {
			break;
		}
		if (best.call != RCGO_CALL_NONE && words > SCAN_BEYOND) {
			words = SCAN_BEYOND;
		}
	}
	if (best.call == RCGO_CALL_NONE) {
		return false;
	}
	*ra_at = best.ra_at;
	*fp = best.fp;
	return true;
}

// The step: by the frame pointer, by the return address of an interrupted frame, or by the scan.

// The assumed maximum of code before an instruction in its function.
#define FUNCTION_MAX ((uintptr_t)64 * 1024)

// Initializes *h for a frame whose function start is unknown.
static void
heuristic_init(
	struct rcgo_heuristic *h, struct rcgo_unwind *unwind, const struct rcgo_unwind_frame *frame)
{
	uintptr_t pc = rcgo__unwind_frame_lookup_pc(frame);
	bool known = pc >= RCGO_NOFAULT_PAGE && rcgo__unwind_select_object(unwind, pc);
	uintptr_t gap = known ? rcgo__unwind_gap(unwind, pc) : 0;

	h->unwind = unwind;
	h->pc = pc;
	h->sp = frame->sp;
	h->from = pc < FUNCTION_MAX ? 0 : pc - FUNCTION_MAX;
	if (gap > h->from) {
		h->from = gap;
	}
}

static enum rcgo_call
call_at(const struct rcgo_heuristic *h, uintptr_t address, uintptr_t *ra)
{
	if (!rcgo__stack_reader_word(&h->unwind->reader, address, ra)) {
		return RCGO_CALL_NONE;
	}
	*ra = rcgo__arch_strip(*ra);
	return rcgo__heuristic_call(h, *ra);
}

// Assumes a leaf: the frame was interrupted before it set up a stack frame. Stores its caller and
// returns what the caller called.
static enum rcgo_call
heuristic_leaf(const struct rcgo_heuristic *h, const struct rcgo_unwind_frame *frame,
	struct rcgo_unwind_frame *to)
{
	enum rcgo_call call;
	uintptr_t saved;

	*to = *frame;
	if (RCGO_HAS_LR) {
		to->pc = rcgo__arch_strip(frame->lr);
		return rcgo__heuristic_call(h, to->pc);
	}
	call = call_at(h, frame->sp, &to->pc);
	to->sp = frame->sp + RCGO_WORD_SIZE;
	if (call != RCGO_CALL_NONE) {
		return call;
	}
	// Or just after it pushed the frame pointer.
	if (rcgo__stack_reader_word(&h->unwind->reader, frame->sp, &saved) && saved == frame->fp) {
		call = call_at(h, frame->sp + RCGO_WORD_SIZE, &to->pc);
		to->sp = frame->sp + 2 * RCGO_WORD_SIZE;
	}
	return call;
}

// Assumes a frame-pointer chain: the saved frame pointer, with the return address above it.
// Compilers for all of Go's processors that have a frame pointer use this layout.
static enum rcgo_call
heuristic_fp_chain(const struct rcgo_heuristic *h, const struct rcgo_unwind_frame *frame,
	struct rcgo_unwind_frame *to)
{
	uintptr_t fp = frame->fp;

	*to = *frame;
	if (fp < frame->sp || fp % RCGO_WORD_SIZE != 0 ||
		!rcgo__stack_reader_word(&h->unwind->reader, fp, &to->fp)) {
		return RCGO_CALL_NONE;
	}
	to->sp = fp + 2 * RCGO_WORD_SIZE;
	return call_at(h, fp + RCGO_WORD_SIZE, &to->pc);
}

static bool
heuristic_scan_stack(const struct rcgo_heuristic *h, const struct rcgo_unwind_frame *frame,
	uintptr_t limit, struct rcgo_unwind_frame *to)
{
	uintptr_t ra_at;

	*to = *frame;
	if (!rcgo__heuristic_scan(h, limit, &ra_at, &to->fp) ||
		!rcgo__stack_reader_word(&h->unwind->reader, ra_at, &to->pc)) {
		return false;
	}
	to->pc = rcgo__arch_strip(to->pc);
	to->sp = ra_at + RCGO_WORD_SIZE;
	return true;
}

// Certain results come first: the address after a call of this function. A frame pointer that is
// still the caller's leads past the caller, so the words below it are examined too.
static bool
heuristic_caller(const struct rcgo_heuristic *h, const struct rcgo_unwind_frame *frame,
	struct rcgo_unwind_frame *to)
{
	struct rcgo_unwind_frame leaf = *frame, chain, scan;
	enum rcgo_call called =
		frame->pc_is_precise ? heuristic_leaf(h, frame, &leaf) : RCGO_CALL_NONE;
	enum rcgo_call chained = heuristic_fp_chain(h, frame, &chain);
	// JIT code is in no object, and no table describes it.
	bool foreign = !rcgo__unwind_may_be_code(h->unwind, h->pc);

	if (called == RCGO_CALL_HERE || (called == RCGO_CALL_UNKNOWN && foreign && !RCGO_HAS_LR)) {
		*to = leaf;
	} else if (chained == RCGO_CALL_HERE || (chained == RCGO_CALL_UNKNOWN && foreign)) {
		*to = chain;
	} else if (called == RCGO_CALL_UNKNOWN &&
		   rcgo__heuristic_lead(h, leaf.pc, leaf.sp, leaf.fp) == RCGO_LEAD_YES) {
		*to = leaf;
	} else if (heuristic_scan_stack(
			   h, frame, chained == RCGO_CALL_NONE ? UINTPTR_MAX : frame->fp, &scan)) {
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
rcgo__heuristic_step(struct rcgo_unwind *unwind, struct rcgo_unwind_frame *frame)
{
	struct rcgo_heuristic h;
	struct rcgo_unwind_frame to;
	bool found;

	heuristic_init(&h, unwind, frame);
	found = heuristic_caller(&h, frame, &to);
	if (found) {
		*frame = to;
	}
	frame->pc_is_precise = false;
	return found;
}
