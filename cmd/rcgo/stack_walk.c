// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: joins the C and Go parts of a stack. C code that Go called runs on the M's g0;
// at its end, the goroutine's saved PC and SP are the continuation. Go code that C called
// records its position on g0 in a chain that begins in g0.sched.sp. GO: runtime/asm_amd64.s
// asmcgocall, cgocallback
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

// Makes the runtime of the code at pc the current one.
static void
enter_go(struct joint *j, uint64_t pc)
{
	const struct go_table *table = go_table_at(j->w->go, pc);

	for (unsigned i = 0; i < j->ms; i++) {
		if (table != NULL && table->runtime == j->own[i].runtime) {
			j->now = &j->own[i];
		}
	}
	j->now->met_go = true;
}

// Walks through Go's code. Returns whether C comes next.
static bool
walk_go(struct joint *j)
{
	struct walk *w = j->w;

	enter_go(j, w->regs.pc);
	while (w->n < FRAMES_MAX) {
		struct go_func f;
		uint64_t pc = w->regs.pc;

		if (go_table_at(w->go, pc) == NULL) {
			return pc != 0;
		}
		if (!go_func_at(w->go, pc, &f)) {
			return false;
		}
		// A return address follows its call. The entry of a function is not
		// a return address.
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

// For a thread in C: finds the runtime that called it, which is the one that left its g0 last.
static void
find_caller(struct joint *j)
{
	uint64_t sp = j->w->regs.reg[RCGO_DW_SP];
	uint64_t nearest = UINT64_MAX;

	for (unsigned i = 0; i < j->ms; i++) {
		const struct joint_m *o = &j->own[i];

		if (o->has_m && o->chain > sp && o->chain <= o->g0.hi && sp > o->g0.lo &&
			o->chain - sp < nearest) {
			nearest = o->chain - sp;
			j->now = &j->own[i];
		}
	}
}

// Finds the runtime in which the walk begins: the one whose Go code is innermost, or that called C;
// else any that runs a goroutine.
static void
find_first(struct joint *j)
{
	const struct go_table *table = go_table_at(j->w->go, j->w->regs.pc);

	for (unsigned i = 0; i < j->ms; i++) {
		j->now = j->own[i].has_curg && !j->now->has_curg ? &j->own[i] : j->now;
	}
	if (table == NULL) {
		find_caller(j);
	}
	for (unsigned i = 0; i < j->ms; i++) {
		j->now = table != NULL && table->runtime == j->own[i].runtime ? &j->own[i] : j->now;
	}
}

// Walks through C. Returns whether Go comes next.
static bool
walk_c(struct joint *j)
{
	enum c_end end = unwind_c(j->w);
	struct joint_m *o = j->now;
	// The goroutine called the innermost part, which does not end like the stack of a thread.
	bool called = !o->met_go && o->has_curg && o->m.ncgo > 0 && o->curg.syscallsp != 0;

	if (end == C_GO) {
		return true;
	}
	if (end == C_LOST || called) {
		joint_missing_c(j->w);
		// There is no sign of more frames: the first frame of a thread often
		// looks like this.
		j->w->lost = called || o->resumes || !j->w->no_rule;
	}
	return (o->resumes || called) && joint_leave_c(j);
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
		w->frame[FRAMES_MAX - 1] =
			(struct frame){.lang = FRAME_NOTE, .note = "… more frames"};
	}
}

static void
start(struct joint *j, struct target *t, const struct go_state *go, const struct thread *th,
	struct walk *w)
{
	*j = (struct joint){.w = w, .now = &j->own[0]};
	w->t = t;
	w->th = th;
	w->go = go;
	w->n = 0;
	w->late = w->guessed = w->lost = w->no_rule = w->strange = false;
}

static void
load_m(struct joint *j, const struct go_runtime *r, uint64_t address)
{
	struct walk *w = j->w;
	struct joint_m *o = &j->own[j->ms++];
	uint8_t bytes[M_SIZE];

	*o = (struct joint_m){.runtime = r};
	if (address == 0 || !thread_read(w->t, w->th, address, bytes, sizeof bytes, &w->late) ||
		!go_parse_m(r->layout, address, bytes, &o->m)) {
		return;
	}
	o->has_m = read_g(w, r, o->m.g0, &o->g0);
	o->has_curg = read_g(w, r, o->m.curg, &o->curg);
	o->chain = o->g0.sched_sp;
}

static const struct stack *
keep(const struct walk *w)
{
	struct stack *s = xalloc(sizeof *s + w->n * sizeof *s->frame);

	s->n = w->n;
	memcpy(s->frame, w->frame, w->n * sizeof *s->frame);
	return s;
}

static void
take_goroutine(struct thread *th, const struct joint_m *o)
{
	th->goroutine = xalloc(sizeof *th->goroutine);
	*th->goroutine = (struct goroutine){.g = o->curg, .runtime = o->runtime, .thread = th};
}

const struct stack *
walk_thread(struct target *t, const struct go_state *go, struct thread *th, struct walk *w)
{
	struct joint j;

	start(&j, t, go, th, w);
	memset(&w->regs, 0, sizeof w->regs);
	w->regs.pc = th->pc;
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		w->regs.reg[i] = th->reg[i];
	}
	w->regs.known = th->known & (~(uint64_t)0 >> (64 - RCGO_DW_REGS));
	w->exact = true;
	for (unsigned i = 0; i < th->ms; i++) {
		load_m(&j, th->own[i].runtime, th->own[i].m);
	}
	find_first(&j);
	if (j.now->has_curg) {
		take_goroutine(th, j.now);
	}
	walk_all(&j);
	return keep(w);
}

const struct stack *
walk_goroutine(
	struct target *t, const struct go_state *go, const struct goroutine *g, struct walk *w)
{
	static const struct thread nobody;
	struct joint j;

	start(&j, t, go, &nobody, w);
	load_m(&j, g->runtime, g->g.lockedm);
	j.own[0].curg = g->g;
	j.own[0].has_curg = true;
	if (joint_to_sched(&j)) {
		walk_all(&j);
	}
	return keep(w);
}
