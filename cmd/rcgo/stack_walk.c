// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: joins the C and Go parts of a stack. C that Go called runs on the M's g0; where it
// ends, the goroutine tells where it went on. Go that C called leaves its place on g0 in a chain
// that begins in g0.sched.sp. GO: runtime/asm_amd64.s asmcgocall, cgocallback
#include "stack_joint.h"

#include <stdlib.h>
#include <string.h>

static bool
read_g(struct walk *w, const struct go_runtime *r, uint64_t address, struct go_g *g)
{
	uint8_t bytes[G_SIZE];

	if (address == 0 || !thread_read(w->t, w->th, address, bytes, sizeof bytes, &w->late)) {
		return false;
	}
	go_parse_g(r->layout, address, bytes, g);
	return g->lo < g->hi;
}

// Walks through Go's code. Returns whether C comes next.
static bool
walk_go(struct joint *j)
{
	struct walk *w = j->w;

	j->met_go = true;
	while (w->n < FRAMES_MAX) {
		struct go_func f;
		uint64_t pc = w->regs.pc;

		if (go_table_at(w->go, pc) == NULL) {
			return pc != 0;
		}
		if (!go_func_at(w->go, pc, &f)) {
			return false;
		}
		// A return address is behind its call; a function's entry is none.
		if (!w->exact && pc != f.entry && !go_func_at(w->go, --pc, &f)) {
			return false;
		}
		if (f.special == GO_SIGRETURN) {
			walk_note(w, signal_note);
		} else {
			walk_push(w, pc, FRAME_GO);
		}
		if (!joint_step_go(j, &f, pc)) {
			return false;
		}
	}
	return false;
}

// Walks through C. Returns whether Go comes next.
static bool
walk_c(struct joint *j)
{
	enum c_end end = unwind_c(j->w);
	// The innermost part was called by the goroutine, and does not end as a thread does.
	bool called = !j->met_go && j->has_curg && j->m.ncgo > 0 && j->curg.syscallsp != 0;

	if (end == C_GO) {
		return true;
	}
	if (end == C_LOST || called) {
		joint_missing_c(j->w);
		// Nothing says that there are more: where threads begin it is often so.
		j->w->lost = called || j->resumes || !j->w->no_rule;
	}
	return (j->resumes || called) && joint_leave_c(j);
}

static void
walk_all(struct joint *j)
{
	struct walk *w = j->w;
	bool c = go_table_at(w->go, w->regs.pc) == NULL;

	while (w->n < FRAMES_MAX && (c ? walk_c(j) : walk_go(j))) {
		c = !c;
	}
	if (w->n == FRAMES_MAX) {
		w->frame[FRAMES_MAX - 1] = (struct frame){0, FRAME_NOTE, "… more frames"};
	}
}

static void
start(struct joint *j, struct target *t, const struct go_state *go, const struct thread *th,
	struct walk *w)
{
	*j = (struct joint){.w = w};
	w->t = t;
	w->th = th;
	w->go = go;
	w->n = 0;
	w->late = w->guessed = w->lost = w->no_rule = false;
}

static void
load_m(struct joint *j, uint64_t address)
{
	struct walk *w = j->w;
	uint8_t bytes[M_SIZE];

	if (address == 0 || !thread_read(w->t, w->th, address, bytes, sizeof bytes, &w->late) ||
		!go_parse_m(j->runtime->layout, address, bytes, &j->m)) {
		return;
	}
	j->has_m = read_g(w, j->runtime, j->m.g0, &j->g0);
	j->has_curg = read_g(w, j->runtime, j->m.curg, &j->curg);
	j->chain = j->g0.sched_sp;
}

const struct stack *
stack_keep(const struct walk *w)
{
	struct stack *s = xalloc(sizeof *s + w->n * sizeof *s->frame);

	s->n = w->n;
	memcpy(s->frame, w->frame, w->n * sizeof *s->frame);
	return s;
}

const struct stack *
walk_thread(struct target *t, const struct go_state *go, struct thread *th, struct walk *w)
{
	struct joint j;

	start(&j, t, go, th, w);
	w->regs = th->regs;
	w->exact = true;
	j.runtime = th->runtime;
	load_m(&j, th->m);
	if (j.has_curg) {
		th->goroutine = xalloc(sizeof *th->goroutine);
		*th->goroutine =
			(struct goroutine){.g = j.curg, .runtime = th->runtime, .thread = th};
	}
	walk_all(&j);
	return stack_keep(w);
}

const struct stack *
walk_goroutine(
	struct target *t, const struct go_state *go, const struct goroutine *g, struct walk *w)
{
	static const struct thread nobody;
	struct joint j;

	start(&j, t, go, &nobody, w);
	j.runtime = g->runtime;
	load_m(&j, g->g.lockedm);
	j.curg = g->g;
	j.has_curg = true;
	if (joint_to_sched(&j)) {
		walk_all(&j);
	}
	return stack_keep(w);
}
