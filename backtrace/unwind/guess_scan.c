// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the return address of a function without unwind information, among
// the words of the stack. One is believed when the call before it is one of this function, or one
// through a pointer behind which the frames go on as compilers describe them. Runs anywhere.

#include "unwind_step.h"

// So many words are looked at, and so much code.
#define SCAN_WORDS 4096
#define SCAN_CODES 64
// Behind a word that may do, so many more are looked at for a better one.
#define SCAN_BEYOND 128
// Behind a return address so many frames are followed.
#define LEAD_FRAMES 4
// Registers that are saved together, among which the frame pointer may be.
#define SAVED_WORDS 8
// Words that are so near to the stack pointer are addresses of the stack.
#define STACK_NEAR ((uintptr_t)8 << 20)

static bool
code_at(uintptr_t pc, uint8_t *code, unsigned size)
{
	return pc >= RCGO_NOFAULT_PAGE && rcgo__copy_nofault(code, (const void *)pc, size);
}

// Whether a call of target is one of the function that begins in [from, to], by a stub of the
// linker's too.
static bool
is_call_of(const struct rcgo_guess *guess, uintptr_t target, uintptr_t from, uintptr_t to)
{
	uint8_t code[RCGO_STUB_SIZE_MAX];
	uintptr_t word;

	if (target - from <= to - from) {
		return true;
	}
	return code_at(target, code, sizeof code) && rcgo__arch_plt_stub(code, target, &word) &&
	       rcgo__stack_reader_word(&guess->walk->memory, word, &target) &&
	       target - from <= to - from;
}

// What stands before ra, for a function that begins in [from, to].
static enum rcgo_call
call_before(const struct rcgo_guess *guess, uintptr_t ra, uintptr_t from, uintptr_t to)
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
	return is_call_of(guess, target, from, to) ? RCGO_CALL_HERE : RCGO_CALL_ELSEWHERE;
}

enum rcgo_call
rcgo__heuristic_call(const struct rcgo_guess *guess, uintptr_t ra)
{
	return call_before(guess, ra, guess->from, guess->pc);
}

enum rcgo_lead
rcgo__heuristic_lead(const struct rcgo_guess *guess, uintptr_t ra, uintptr_t sp, uintptr_t fp)
{
	struct rcgo_unwind_frame at = {.pc = ra, .sp = sp, .fp = fp};
	uintptr_t start;

	for (unsigned i = 0; i < LEAD_FRAMES; i++) {
		// Go's code calls C, and no C calls from there on.
		if (at.pc == 0 || rcgo__unwind_is_boundary(at.pc)) {
			return i > 0 || at.pc != 0 ? RCGO_LEAD_YES : RCGO_LEAD_NO;
		}
		if (!rcgo__unwind_ahead(guess->walk, &at, &start)) {
			// One without unwind information may follow upon some that have it.
			return i > 0 ? RCGO_LEAD_WEAK : RCGO_LEAD_NO;
		}
		if (at.pc == 0 || rcgo__unwind_is_boundary(at.pc)) {
			continue;
		}
		switch (call_before(guess, at.pc, start, start)) {
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

// How well the frames go on from a return address at ra_at, with *fp, or with one of the words that
// were saved below it.
static enum rcgo_lead
lead_from(const struct rcgo_guess *guess, uintptr_t ra, uintptr_t ra_at, uintptr_t *fp)
{
	uintptr_t sp = ra_at + RCGO_WORD_SIZE;
	enum rcgo_lead lead = rcgo__heuristic_lead(guess, ra, sp, *fp);

	for (unsigned i = 1; lead == RCGO_LEAD_NO && i <= SAVED_WORDS; i++) {
		uintptr_t at = ra_at - i * RCGO_WORD_SIZE;
		uintptr_t word;

		if (at < guess->sp || !rcgo__stack_reader_word(&guess->walk->memory, at, &word)) {
			break;
		}
		if (word >= sp && word - sp < STACK_NEAR && word % RCGO_WORD_SIZE == 0) {
			lead = rcgo__heuristic_lead(guess, ra, sp, word);
			if (lead != RCGO_LEAD_NO) {
				*fp = word;
			}
		}
	}
	return lead;
}

// What a scan has found.
struct found {
	uintptr_t ra_at, fp;
	enum rcgo_call call;
};

// Looks at one word. Returns false when nothing better can come.
static bool
look_at(const struct rcgo_guess *guess, uintptr_t at, uintptr_t ra, uintptr_t fp,
	struct found *best)
{
	enum rcgo_call call = rcgo__heuristic_call(guess, ra);
	enum rcgo_lead lead;

	if (call <= best->call || call < RCGO_CALL_UNKNOWN) {
		return true;
	}
	lead = lead_from(guess, ra, at, &fp);
	if (call == RCGO_CALL_UNKNOWN && lead != RCGO_LEAD_YES) {
		return true;
	}
	*best = (struct found){.ra_at = at, .fp = fp, .call = call};
	return call != RCGO_CALL_HERE || lead == RCGO_LEAD_NO;
}

bool
rcgo__heuristic_scan(
	const struct rcgo_guess *guess, uintptr_t limit, uintptr_t *ra_at, uintptr_t *fp)
{
	struct found best = {.call = RCGO_CALL_NONE};
	unsigned words = SCAN_WORDS, codes = SCAN_CODES;
	uintptr_t at = guess->sp & ~(uintptr_t)(RCGO_WORD_SIZE - 1);

	for (; words > 0 && codes > 0 && at < limit; words--, at += RCGO_WORD_SIZE) {
		uintptr_t word;

		if (!rcgo__stack_reader_word(&guess->walk->memory, at, &word)) {
			break;
		}
		word = rcgo__arch_strip(word);
		if (word - guess->sp + STACK_NEAR < 2 * STACK_NEAR ||
			!rcgo__unwind_may_be_code(guess->walk, word)) {
			continue;
		}
		codes--;
		if (!look_at(guess, at, word, *fp, &best)) {
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
