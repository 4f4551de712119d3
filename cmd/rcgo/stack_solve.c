// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: frames whose frame pointer is not known. The kernel tells PC and SP of a blocked
// thread and no other register. A function that was called by its name has a return address that
// says so: the call before it goes to this very function. The frame pointer was saved below it.
#include "stack_joint.h"

#define SEARCH_WORDS 8192

bool
unwind_is_return(struct walk *w, uint64_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];

	return pc > 4096 && walk_code(w, pc - sizeof before, before, sizeof before) &&
	       rcgo__arch_is_call(before);
}

// Where the direct call before pc goes to; 0: there is none.
static uint64_t
call_target(struct walk *w, uint64_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];
	uintptr_t target;

	return walk_code(w, pc - sizeof before, before, sizeof before) &&
			       rcgo__arch_call_target(before, pc, &target)
		       ? target
		       : 0;
}

// Where a stub of the procedure linkage table goes to.
static bool
stub_target(struct walk *w, uint64_t stub, uint64_t *target)
{
	uint8_t code[RCGO_STUB_SIZE_MAX];
	uintptr_t word;

	return walk_code(w, stub, code, sizeof code) && rcgo__arch_plt_stub(code, stub, &word) &&
	       target_word(w->t, word, target);
}

// How sure it is that a return address to pc is of the function at start: 2 by name, 1 through a
// pointer, 0 not at all.
static int
calls(struct walk *w, uint64_t pc, uint64_t start)
{
	struct module *m = module_find(w->t, pc);
	uint64_t target, behind;

	if (m == NULL || !unwind_is_return(w, pc)) {
		return 0;
	}
	target = call_target(w, pc);
	if (target == 0) {
		return 1;
	}
	if (target == start) {
		return 2;
	}
	return stub_target(w, target, &behind) && behind == start ? 2 : 0;
}

// Finds the frame pointer of a function that begins at start and keeps its frame by it.
bool
unwind_solve(struct walk *w, uint64_t start, uint64_t *fp)
{
	uint64_t sp = w->regs.reg[RCGO_DW_SP] & ~(uint64_t)7;
	uint64_t weak = 0;
	uint64_t word;

	for (unsigned i = 0; i < SEARCH_WORDS; i++) {
		uint64_t at = sp + 8 * (uint64_t)i;
		int sure;

		if (!walk_word(w, at, &word)) {
			break;
		}
		sure = word > 4096 ? calls(w, word, start) : 0;
		if (sure == 2) {
			*fp = at - 8;
			return true;
		}
		if (sure == 1 && weak == 0) {
			weak = at - 8;
		}
	}
	*fp = weak;
	w->guessed |= weak != 0;
	return weak != 0;
}

static bool
good_return(struct walk *w, uint64_t pc)
{
	return go_table_at(w->go, pc) != NULL || unwind_is_return(w, pc);
}

// A frame that was interrupted before it had made itself a frame of its own.
static bool
guess_leaf(struct walk *w)
{
	struct rcgo_frame_regs *r = &w->regs;
	uint64_t sp = r->reg[RCGO_DW_SP];
	uint64_t word;

	if (!w->exact || !cpu_leaf_return(w, &word, &sp) || !good_return(w, word)) {
		return false;
	}
	r->pc = word;
	r->reg[RCGO_DW_SP] = sp;
	w->exact = false;
	return true;
}

// Code without unwind information, such as a just-in-time compiler's: by the frame pointer.
bool
unwind_guess(struct walk *w)
{
	struct rcgo_frame_regs *r = &w->regs;
	uint64_t fp = r->reg[RCGO_DW_FP];
	uint64_t ra, saved;

	if (guess_leaf(w)) {
		return true;
	}
	if ((r->known >> RCGO_DW_FP & 1) == 0 || fp < r->reg[RCGO_DW_SP] || fp % 8 != 0 ||
		!walk_word(w, fp, &saved) || !walk_word(w, fp + 8, &ra) ||
		!good_return(w, ra = rcgo__arch_strip(ra))) {
		return false;
	}
	*r = (struct rcgo_frame_regs){
		.pc = ra, .known = (uint64_t)1 << RCGO_DW_SP | (uint64_t)1 << RCGO_DW_FP};
	r->reg[RCGO_DW_SP] = fp + 16;
	r->reg[RCGO_DW_FP] = saved;
	w->exact = false;
	return true;
}
