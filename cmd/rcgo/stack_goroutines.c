// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the Ms of threads, and the goroutines that no thread runs.
#include "stack.h"

#include <string.h>

#define GOROUTINES_MAX 1000000

static void
add_m(struct thread *th, const struct go_runtime *r, const struct go_m *m)
{
	if (th->ms < THREAD_MS_MAX) {
		th->own[th->ms++] = (struct thread_m){r, m->address, {m->g0, m->curg, m->gsignal},
			m->g0_hi, m->curg_sp, m->curg_hi};
	}
}

// Finds the thread's Ms by their thread number. A thread has one M in each runtime whose code it
// has run.
static void
find_m_by_number(struct stacks *s, struct thread *th)
{
	for (size_t i = 0; i < s->go.runtimes; i++) {
		const struct go_runtime *r = &s->go.runtime[i];
		const struct go_m *m = go_m_of_thread(r, (uint64_t)th->ns_tid);

		if (m != NULL) {
			add_m(th, r, m);
		}
	}
}

static bool
on_stack_of(struct stacks *s, const struct go_runtime *r, uint64_t address, uint64_t sp)
{
	uint8_t bytes[G_SIZE];
	struct go_g g;

	if (address == 0 || !target_read(&s->t, address, bytes, sizeof bytes)) {
		return false;
	}
	go_parse_g(r->layout, address, bytes, &g);
	return sp > g.lo && sp <= g.hi;
}

// Reports whether the M is that of a thread by its number.
static bool
has_thread(const struct target *t, const struct go_m *m)
{
	for (size_t i = 0; i < t->threads; i++) {
		if (m->procid == (uint64_t)t->thread[i].ns_tid) {
			return true;
		}
	}
	return false;
}

// Finds the M whose stack the thread is on, of those that are not of another thread: the bounds of
// a thread's stack may be too wide (stack_joint.c). In a core, thread numbers are those of the
// initial PID namespace, and an M has those of its own namespace. In a child of fork, an M has the
// numbers of the process that forked.
static void
find_m_by_stack(struct stacks *s, struct thread *th)
{
	uint64_t sp = th->sp;

	for (size_t i = 0; i < s->go.runtimes; i++) {
		struct go_runtime *r = &s->go.runtime[i];

		for (size_t k = 0; k < r->ms; k++) {
			const struct go_m *m = &r->m[k];

			if ((on_stack_of(s, r, m->curg, sp) || on_stack_of(s, r, m->g0, sp) ||
				    on_stack_of(s, r, m->gsignal, sp)) &&
				!has_thread(&s->t, m)) {
				add_m(th, r, m);
				break;
			}
		}
	}
}

static bool
is_forked(const struct stacks *s)
{
	bool forked = false;

	for (size_t i = 0; i < s->go.runtimes; i++) {
		forked |= s->go.runtime[i].forked;
	}
	return forked;
}

void
stacks_find_m(struct stacks *s, struct thread *th)
{
	uint64_t stamp;

	th->ms = 0;
	find_m_by_number(s, th);
	if (th->ms == 0 && (s->t.core || is_forked(s))) {
		if (th->sp == 0 && !s->t.core) {
			process_blocked(&s->t, th, &stamp);
		}
		find_m_by_stack(s, th);
	}
}

// Returns whether it is a goroutine of the runtime itself, other than the one that runs main.
static bool
is_system(const struct stacks *s, const struct go_g *g)
{
	struct go_func f;

	return go_func_at(&s->go, g->startpc, &f) && has_prefix(f.name, "runtime.") &&
	       strcmp(f.name, "runtime.main") != 0;
}

static void
take_goroutine(struct stacks *s, struct go_runtime *r, struct goroutine *g, struct walk *w)
{
	uint32_t status = g->g.status & ~(uint32_t)G_SCAN;

	g->reason = status == G_WAITING ? go_wait_reason(&s->t, r, &g->g) : NULL;
	g->system = is_system(s, &g->g);
	// Goroutines that a thread runs are shown with the thread.
	if (s->options.all && (g->g.m == 0 || status == G_WAITING || status == G_LEAKED) &&
		(!g->system || s->options.runtime)) {
		g->stack = s->t.walker->goroutine(&s->t, &s->go, g, w);
	}
}

void
stacks_goroutines(struct stacks *s, struct walk *w)
{
	for (size_t i = 0; i < s->go.runtimes; i++) {
		struct goroutine *list;
		struct go_runtime *r = &s->go.runtime[i];
		size_t total;
		size_t n = go_read_gs(&s->t, r, &list, GOROUTINES_MAX, &total);

		for (size_t k = 0; k < n; k++) {
			take_goroutine(s, r, &list[k], w);
			total -= list[k].system && !s->options.runtime;
		}
		s->goroutines_total += total;
		if (n > 0) {
			struct goroutine *both = xalloc((s->goroutines + n) * sizeof *both);

			memcpy(both, list, n * sizeof *both);
			if (s->goroutines > 0) {
				memcpy(both + n, s->goroutine, s->goroutines * sizeof *both);
			}
			s->goroutine = both;
			s->goroutines += n;
		}
	}
}
