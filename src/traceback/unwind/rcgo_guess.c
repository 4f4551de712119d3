// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: frames without unwind information: code made at run time, assembly,
// C that Go's own linker linked. Runs anywhere.

#include "rcgo_step.h"

// What looks like a return address may be any word, and what is there may be unmapped meanwhile.
static bool
read_code(uintptr_t pc, uint8_t *code, unsigned size)
{
	return pc >= RCGO_PROBE_PAGE && rcgo__probe_copy(code, (const void *)pc, size);
}

bool
rcgo__guess_is_return(uintptr_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];

	return pc % RCGO_PC_ALIGN == 0 && read_code(pc - RCGO_CALL_SIZE, before, RCGO_CALL_SIZE) &&
	       rcgo__arch_is_call(before);
}

bool
rcgo__guess_is_sigreturn(uintptr_t pc)
{
	uint8_t code[RCGO_SIGRETURN_SIZE];

	return read_code(pc, code, RCGO_SIGRETURN_SIZE) && rcgo__arch_is_sigreturn(code);
}

// Takes the word at address for a return address when it looks like one.
static bool
return_address(struct rcgo_memory *memory, uintptr_t address, uintptr_t *ra)
{
	if (!rcgo__memory_word(memory, address, ra)) {
		return false;
	}
	*ra = rcgo__arch_strip(*ra);
	return rcgo__walk_in_go(*ra) || rcgo__guess_is_return(*ra);
}

// A frame that was interrupted before it had made itself a frame of its own.
static bool
guess_leaf(struct rcgo_memory *memory, struct rcgo_place *at)
{
	uintptr_t ra, saved;

	if (RCGO_HAS_LR) {
		ra = rcgo__arch_strip(at->lr);
		if (!rcgo__walk_in_go(ra) && !rcgo__guess_is_return(ra)) {
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
	if (rcgo__memory_word(memory, at->sp, &saved) && saved == at->fp &&
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
guess_chain(struct rcgo_memory *memory, struct rcgo_place *at)
{
	uintptr_t fp = at->fp;
	uintptr_t ra, caller;

	if (fp < at->sp || fp % RCGO_WORD_SIZE != 0 || !rcgo__memory_word(memory, fp, &caller) ||
		!return_address(memory, fp + RCGO_WORD_SIZE, &ra)) {
		return false;
	}
	at->pc = ra;
	at->sp = fp + 2 * RCGO_WORD_SIZE;
	at->fp = caller;
	return true;
}

bool
rcgo__guess_step(struct rcgo_memory *memory, struct rcgo_place *at)
{
	bool found;

	if (RCGO_HAS_LR) {
		found = guess_chain(memory, at) || (at->exact && guess_leaf(memory, at));
	} else {
		found = (at->exact && guess_leaf(memory, at)) || guess_chain(memory, at);
	}
	at->exact = false;
	return found;
}
