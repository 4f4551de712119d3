// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the frame above one in Go's code, which may be C's.
// GO: runtime/asm_amd64.s asmcgocall, cgocallback
#include "stack_joint.h"

#include <string.h>

#define BIT(reg) ((uint64_t)1 << (reg))
#define NEAR_SP 160 // asmcgocall's frame on g0 is smaller

static void
set_place(struct walk *w, uint64_t pc, uint64_t sp)
{
	memset(&w->regs, 0, sizeof w->regs);
	w->regs.pc = pc;
	w->regs.reg[RCGO_DW_SP] = sp;
	w->regs.known = BIT(RCGO_DW_SP);
	w->exact = false;
}

static bool
within(const struct go_g *g, uint64_t sp)
{
	return sp > g->lo && sp <= g->hi;
}

bool
joint_to_sched(struct joint *j)
{
	if (!j->has_curg || !within(&j->curg, j->curg.sched_sp) || j->curg.sched_pc == 0) {
		return false;
	}
	set_place(j->w, j->curg.sched_pc, j->curg.sched_sp);
	return true;
}

// From the outermost C frame of a part to the goroutine that called it.
bool
joint_leave_c(struct joint *j)
{
	if (j->resumes) {
		j->resumes = false;
		set_place(j->w, j->resume_pc, j->resume_sp);
		return true;
	}
	if (!j->has_curg) {
		return false;
	}
	if (j->curg.syscallsp != 0 && within(&j->curg, j->curg.syscallsp)) {
		set_place(j->w, j->curg.syscallpc, j->curg.syscallsp);
		return true;
	}
	return joint_to_sched(j);
}

void
joint_missing_c(struct walk *w)
{
	w->lost = true;
	walk_note(w, "… C frames may be missing here");
}

// C's registers, which crosscall2 saved; the frame pointer lies below the return address, pushed by
// the assembler or, where that did not, by crosscall2 itself.
// GO: runtime/cgo/abi_amd64.h PUSH_REGS_HOST_TO_ABI0
static void
take_saved(struct walk *w, uint64_t sp, uint64_t fp_at)
{
	static const uint8_t saved[] = {3, 12, 13, 14, 15};

	for (unsigned i = 0; i < sizeof saved; i++) {
		if (walk_word(w, sp + 0x18 + 8 * (uint64_t)i, &w->regs.reg[saved[i]])) {
			w->regs.known |= BIT(saved[i]);
		}
	}
	if (walk_word(w, fp_at, &w->regs.reg[RCGO_DW_FP])) {
		w->regs.known |= BIT(RCGO_DW_FP);
	}
}

// The frame above in Go's code.
static bool
step_go(struct walk *w, const struct go_func *f, uint64_t pc, uint64_t sp)
{
	uint64_t size, ra;

	if (!go_frame_size(f, pc, &size) || !walk_word(w, sp + size, &ra)) {
		return false;
	}
	set_place(w, ra, sp + size + 8);
	if (f->special == GO_CROSSCALL2) {
		take_saved(w, sp, sp + size - 8);
	}
	return ra != 0;
}

// asmcgocall has the C part above it. On g0 it was called without a change of stacks where a Go
// function called it there.
static bool
step_asmcgocall(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];
	bool switched = j->resumes || (j->has_curg && j->curg.syscallsp != 0 && j->m.ncgo > 0);
	uint64_t size, ra;

	if (!switched && go_frame_size(f, pc, &size) && walk_word(w, sp + size, &ra) &&
		go_table_at(w->go, ra) != NULL && sp + NEAR_SP < j->chain) {
		return step_go(w, f, pc, sp);
	}
	if (!j->has_m || sp > j->chain || j->chain - sp > NEAR_SP) {
		joint_missing_c(w);
	}
	return joint_leave_c(j);
}

// Go was called from C: on with the C part that did.
static bool
step_cgocallback(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];
	uint64_t size, ra, older;

	if (!j->has_m || !within(&j->curg, sp) || !step_go(w, f, pc, sp)) {
		return j->has_m && within(&j->g0, sp) && step_go(w, f, pc, sp);
	}
	if (!within(&j->g0, j->chain) || !go_frame_size(f, pc, &size) ||
		!walk_word(w, j->chain + size, &ra) || !walk_word(w, j->chain, &older)) {
		joint_missing_c(w);
		return true;
	}
	j->resumes = true;
	j->resume_pc = w->regs.pc;
	j->resume_sp = w->regs.reg[RCGO_DW_SP];
	set_place(w, ra, j->chain + size + 8);
	j->chain = older;
	return true;
}

// The vDSO was called on g0; the function keeps its own stack pointer in R12, as of before it made
// room for results.
static bool
step_vdso(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	bool called = w->n >= 2 && w->frame[w->n - 2].lang == FRAME_C;

	if (called && (w->regs.known & BIT(12)) != 0) {
		return step_go(w, f, pc, w->regs.reg[12] - 16);
	}
	return step_go(w, f, pc, w->regs.reg[RCGO_DW_SP]);
}

// One frame up from Go's code, where pc is in f.
bool
joint_step_go(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];

	switch (f->special) {
	case GO_ASMCGOCALL:
		return step_asmcgocall(j, f, pc);
	case GO_CGOCALLBACK:
		return step_cgocallback(j, f, pc);
	case GO_SYSTEMSTACK:
	case GO_MORESTACK:
		if (!j->has_m) {
			joint_missing_c(w);
			return false;
		}
		if (within(&j->g0, sp)) {
			return joint_to_sched(j);
		}
		return step_go(w, f, pc, sp);
	case GO_SIGRETURN:
		return unwind_signal(w, sp + RCGO_SIGFRAME_UC);
	case GO_VDSO:
		return step_vdso(j, f, pc);
	case GO_BOTTOM:
		return false;
	default:
		return step_go(w, f, pc, sp);
	}
}
