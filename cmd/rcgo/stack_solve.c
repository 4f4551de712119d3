// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: frames whose frame pointer is not known. The kernel reports only PC and SP of a
// blocked thread. The return address of a function that was called directly can be verified: the
// call instruction before it has that function as its target. The frame pointer was saved below
// the return address.
#include "stack_joint.h"

#define SEARCH_WORDS 8192
// How far apart code of one compiler may lie, and the largest of its frames.
#define GENERATED_NEAR ((uint64_t)512 << 20)
#define FRAME_MAX ((uint64_t)1 << 20)

bool
unwind_is_return(struct walk *w, uint64_t pc)
{
	uint8_t before[RCGO_CALL_SIZE];

	return pc > 4096 && walk_code(w, pc - sizeof before, before, sizeof before) &&
	       rcgo__arch_is_call(before);
}

bool
unwind_call_target(struct walk *w, uint64_t pc, uint64_t *target)
{
	uint8_t before[RCGO_CALL_SIZE];
	uintptr_t to;

	if (!walk_code(w, pc - sizeof before, before, sizeof before) ||
		!rcgo__arch_call_target(before, pc, &to)) {
		return false;
	}
	*target = to;
	return true;
}

bool
unwind_stub_target(struct walk *w, uint64_t stub, uint64_t *target)
{
	uint8_t code[RCGO_STUB_SIZE_MAX];
	uintptr_t word;

	return walk_code(w, stub, code, sizeof code) && rcgo__arch_plt_stub(code, stub, &word) &&
	       target_word(w->t, word, target);
}

enum call
unwind_calls(struct walk *w, uint64_t pc, uint64_t from, uint64_t to)
{
	struct module *m = module_find(w->t, pc);
	uint64_t target, behind;

	if (m == NULL || !unwind_is_return(w, pc)) {
		return CALL_NONE;
	}
	if (!unwind_call_target(w, pc, &target)) {
		return CALL_POINTER;
	}
	if (target - from <= to - from) {
		return CALL_DIRECT;
	}
	return unwind_stub_target(w, target, &behind) && behind - from <= to - from ? CALL_DIRECT
										    : CALL_OTHER;
}

// Of Go's functions asmcgocall calls C, and few others do, all through pointers.
enum call
unwind_call_before(struct walk *w, uint64_t ra, uint64_t from, uint64_t to)
{
	enum call call = unwind_calls(w, ra, from, to);
	struct go_func f;

	if (go_table_at(w->go, ra) == NULL) {
		return call;
	}
	if (call != CALL_NONE && go_func_at(w->go, ra - 1, &f) && f.special == GO_ASMCGOCALL) {
		return CALL_DIRECT;
	}
	return call == CALL_POINTER ? call : CALL_NONE;
}

// Finds the frame pointer of a function that begins at start and addresses its frame by
// the frame pointer.
bool
unwind_solve(struct walk *w, uint64_t start, uint64_t *fp)
{
	uint64_t sp = w->regs.reg[RCGO_DW_SP] & ~(uint64_t)7;
	uint64_t weak = 0;
	uint64_t word;

	for (unsigned i = 0; i < SEARCH_WORDS; i++) {
		uint64_t at = sp + 8 * (uint64_t)i;
		enum call call;

		if (!walk_word(w, at, &word)) {
			break;
		}
		call = word > 4096 ? unwind_call_before(w, word, start, start) : CALL_NONE;
		if (call == CALL_DIRECT) {
			*fp = at - 8;
			return true;
		}
		if (call == CALL_POINTER && weak == 0) {
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

// Unwinds a function that was interrupted before it had made its frame.
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

// Reports whether ra may be a return address in generated code, of a frame whose frame pointer is
// at fp. An interpreter such as the JVM's pushes return addresses itself, so that no call is before
// them.
static bool
good_generated(struct walk *w, uint64_t ra, uint64_t fp, uint64_t saved)
{
	uint64_t pc = w->regs.pc;

	return module_find(w->t, pc) == NULL && module_find(w->t, ra) == NULL &&
	       ra - pc + GENERATED_NEAR < 2 * GENERATED_NEAR && saved > fp &&
	       saved - fp < FRAME_MAX && saved % 8 == 0;
}

// Unwinds code without unwind information, such as that of a just-in-time compiler, by
// the frame pointer.
bool
unwind_heuristic(struct walk *w)
{
	struct rcgo_frame_regs *r = &w->regs;
	uint64_t fp = r->reg[RCGO_DW_FP];
	uint64_t ra, saved;

	if (guess_leaf(w)) {
		return true;
	}
	if ((r->known >> RCGO_DW_FP & 1) == 0 || fp < r->reg[RCGO_DW_SP] || fp % 8 != 0 ||
		!walk_word(w, fp, &saved) || !walk_word(w, fp + 8, &ra)) {
		return false;
	}
	ra = rcgo__arch_strip(ra);
	if (!good_return(w, ra) && !good_generated(w, ra, fp, saved)) {
		return false;
	}
	*r = (struct rcgo_frame_regs){
		.pc = ra, .known = (uint64_t)1 << RCGO_DW_SP | (uint64_t)1 << RCGO_DW_FP};
	r->reg[RCGO_DW_SP] = fp + 16;
	r->reg[RCGO_DW_FP] = saved;
	w->exact = false;
	return true;
}
