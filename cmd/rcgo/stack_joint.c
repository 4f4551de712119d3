// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the caller of a frame of Go code, which may be C code.
// GO: runtime/asm_amd64.s asmcgocall, cgocallback
#include "stack_joint.h"

#include <string.h>

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

// Reports whether sp is on the thread's own stack. The bounds that Go has of it may be wide: with
// musl, those of the main thread contain the goroutines' stacks.
static bool
on_g0(const struct joint_m *o, uint64_t sp)
{
	bool on_curg = o->has_curg && within(&o->curg, sp) &&
		       o->curg.hi - o->curg.lo < o->g0.hi - o->g0.lo;

	return o->has_m && within(&o->g0, sp) && !on_curg;
}

bool
joint_to_sched(struct joint *j)
{
	const struct joint_m *o = j->now;

	if (!o->has_curg || !within(&o->curg, o->curg.sched_sp) || o->curg.sched_pc == 0) {
		return false;
	}
	set_place(j->w, o->curg.sched_pc, o->curg.sched_sp);
	return true;
}

// Unwinds from the outermost C frame of a part to the goroutine that called it.
bool
joint_leave_c(struct joint *j)
{
	struct joint_m *o = j->now;

	if (o->resumes) {
		o->resumes = false;
		set_place(j->w, o->resume_pc, o->resume_sp);
		return true;
	}
	if (!o->has_curg) {
		return false;
	}
	if (o->curg.syscallsp != 0 && within(&o->curg, o->curg.syscallsp)) {
		set_place(j->w, o->curg.syscallpc, o->curg.syscallsp);
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

// Unwinds to a caller that is Go code.
static bool
step_go(struct walk *w, const struct go_func *f, uint64_t pc, uint64_t sp)
{
	uint64_t size, ra, next;

	w->regs.reg[RCGO_DW_SP] = sp;
	if (!go_frame_size(f, pc, &size) || !cpu_go_return(w, f, size, &ra, &next)) {
		return false;
	}
	set_place(w, ra, next);
	if (f->special == GO_CROSSCALL2) {
		cpu_take_saved(w, sp, size);
	}
	return ra != 0;
}

// asmcgocall: the C part is inner to it. If a Go function on g0 called it, it did
// not change stacks.
static bool
step_asmcgocall(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	struct joint_m *o = j->now;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];
	bool switched = o->resumes || (o->has_curg && o->curg.syscallsp != 0 && o->m.ncgo > 0);
	uint64_t size, ra, next;

	// Before asmcgocall leaves the goroutine's stack, and after it has returned there.
	if (o->has_curg && within(&o->curg, sp) && !on_g0(o, sp)) {
		return step_go(w, f, pc, sp);
	}
	if (!switched && go_frame_size(f, pc, &size) && cpu_go_return(w, f, size, &ra, &next) &&
		go_table_at(w->go, ra) != NULL && sp + NEAR_SP < o->chain) {
		return step_go(w, f, pc, sp);
	}
	if (!o->has_m || sp > o->chain || o->chain - sp > NEAR_SP) {
		joint_missing_c(w);
	}
	return joint_leave_c(j);
}

// C called Go: continues with that C part.
static bool
step_cgocallback(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	struct joint_m *o = j->now;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];
	uint64_t older;

	if (on_g0(o, sp)) {
		// cgocallback has linked its frame into the chain, or has not unlinked it yet.
		if (o->chain == sp && walk_word(w, cpu_chain_older(sp), &older)) {
			o->chain = older;
		}
		return step_go(w, f, pc, sp);
	}
	if (!o->has_m || !within(&o->curg, sp) || !step_go(w, f, pc, sp)) {
		return false;
	}
	o->resumes = true;
	o->resume_pc = w->regs.pc;
	o->resume_sp = w->regs.reg[RCGO_DW_SP];
	if (!on_g0(o, o->chain) || !walk_word(w, cpu_chain_older(o->chain), &older) ||
		!step_go(w, f, pc, o->chain)) {
		joint_missing_c(w);
		o->resumes = false;
		set_place(w, o->resume_pc, o->resume_sp);
		return true;
	}
	o->chain = older;
	return true;
}

// Go called the vDSO on g0; the calling function keeps its own stack pointer.
static bool
step_vdso(struct joint *j, const struct go_func *f, uint64_t pc)
{
	struct walk *w = j->w;
	bool called = w->n >= 2 && w->frame[w->n - 2].lang == FRAME_C;
	uint64_t own = called ? cpu_vdso_caller(w) : 0;

	return step_go(w, f, pc, own != 0 ? own : w->regs.reg[RCGO_DW_SP]);
}

// Unwinds one frame of Go code, where pc is in f.
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
		if (!j->now->has_m) {
			joint_missing_c(w);
			return false;
		}
		if (on_g0(j->now, sp)) {
			return joint_to_sched(j);
		}
		return step_go(w, f, pc, sp);
	case GO_SIGRETURN:
		return unwind_signal(w, sp + cpu_ucontext_at);
	case GO_VDSO:
		return step_vdso(j, f, pc);
	case GO_BOTTOM:
		return false;
	default:
		return step_go(w, f, pc, sp);
	}
}
