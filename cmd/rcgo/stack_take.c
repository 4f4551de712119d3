// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: takes the stacks of all threads: of those that are blocked while they are, without
// stopping them; of those that run by a stop of some microseconds each.
#include "stack.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define STACK_MAX_KEPT ((size_t)256 << 10)
#define STACK_UNKNOWN ((size_t)64 << 10) // where its end is not known
#define RED_ZONE 128
#define TRIES 4
#define STOPS_MAX_NS ((uint64_t)10 * 1000 * 1000 * 1000)

// The bytes in use of a goroutine's stack, from sp on.
static size_t
used(const struct go_g *g, uint64_t sp)
{
	if (sp <= g->lo || sp > g->hi) {
		return 0;
	}
	return g->hi - sp < STACK_MAX_KEPT ? (size_t)(g->hi - sp) : STACK_MAX_KEPT;
}

static uint64_t
lowest_sp(const struct go_g *g, uint64_t sp)
{
	uint64_t low = g->sched_sp;

	if (g->syscallsp != 0 && g->syscallsp < low) {
		low = g->syscallsp;
	}
	return sp > g->lo && sp <= g->hi && sp < low ? sp : low;
}

// The used stacks of the three goroutines of an M, and that of the thread.
static void
keep_stacks(struct target *t, struct thread *th, const struct go_g *g, size_t n)
{
	uint64_t sp = th->regs.reg[RCGO_DW_SP];
	uint64_t address[4] = {sp - RED_ZONE};
	size_t size[4] = {STACK_UNKNOWN};
	size_t pieces = 1;

	for (size_t i = 0; i < n; i++) {
		uint64_t low = lowest_sp(&g[i], sp);

		if (used(&g[i], sp) != 0) {
			size[0] = used(&g[i], sp) + RED_ZONE;
		}
		if (low != sp && used(&g[i], low) != 0) {
			address[pieces] = low;
			size[pieces++] = used(&g[i], low);
		}
	}
	thread_keep(t, th, address, size, pieces);
}

// A thread of C gives its M back, and another may have it by now.
static bool
is_of_another(struct thread *th, const struct go_m *m)
{
	if (m->procid == 0 || m->procid == (uint64_t)th->ns_tid) {
		return false;
	}
	th->m = 0;
	return true;
}

static void
keep_memory(struct target *t, struct thread *th)
{
	const struct go_layout *l = th->runtime != NULL ? th->runtime->layout : NULL;
	struct go_g g[3];
	struct go_m m = {0};
	size_t n = 0;

	thread_drop(th);
	if (th->m != 0) {
		thread_keep(t, th, &th->m, &(size_t){M_SIZE}, 1);
	}
	if (th->regions == 1 && th->region[0].size == M_SIZE &&
		go_parse_m(l, th->m, th->region[0].bytes, &m) && !is_of_another(th, &m)) {
		uint64_t address[3] = {m.g0, m.curg, m.gsignal};
		size_t size[3] = {m.g0 != 0 ? G_SIZE : 0, m.curg != 0 ? G_SIZE : 0,
			m.gsignal != 0 ? G_SIZE : 0};

		thread_keep(t, th, address, size, 3);
	}
	for (unsigned i = 1; i < th->regions; i++) {
		if (th->region[i].size == G_SIZE) {
			go_parse_g(l, th->region[i].address, th->region[i].bytes, &g[n++]);
		}
	}
	keep_stacks(t, th, g, n);
}

// Takes what a blocked thread's walk will need. Returns whether it stayed blocked.
static bool
read_blocked(struct target *t, struct thread *th, uint64_t *stamp)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct thread again = *th;
		uint64_t after;

		if (!process_blocked(t, th, stamp)) {
			return false;
		}
		keep_memory(t, th);
		again = *th;
		if (process_blocked(t, &again, &after) && after == *stamp) {
			th->how = HOW_READ;
			return true;
		}
	}
	return false;
}

static void
stop_and_read(struct stacks *s, struct thread *th)
{
	// On a machine that is short of processors each stop waits for one.
	bool waited = s->t.waited_ns > STOPS_MAX_NS && !s->options.stop;
	int err = waited ? -ETIMEDOUT : process_stop(&s->t, th);

	if (err == -ESRCH) {
		th->how = HOW_GONE;
		return;
	}
	th->error = err == 0 ? 0 : -err;
	th->how = err == 0 ? HOW_STOPPED : HOW_TORN;
	if (err == 0) {
		keep_memory(&s->t, th);
		process_release(&s->t, th);
		s->t.stopped++;
	}
}

static bool
ran_meanwhile(const struct stacks *s, const struct thread *th, uint64_t stamp)
{
	struct thread again = *th;
	uint64_t after;

	return !process_blocked((struct target *)(uintptr_t)&s->t, &again, &after) ||
	       after != stamp;
}

// A thread in Go whose M is not known has got one since the list was read. Returns whether it is
// known now.
static bool
find_new_m(struct stacks *s, struct thread *th, const struct walk *w)
{
	bool go = false;

	for (size_t i = 0; i < w->n && th->m == 0 && !go; i++) {
		go = w->frame[i].lang == FRAME_GO;
	}
	if (!go) {
		return false;
	}
	for (size_t i = 0; i < s->go.runtimes; i++) {
		go_read_ms(&s->t, &s->go.runtime[i]);
	}
	stacks_find_m(s, th);
	return th->m != 0;
}

void
stacks_take_thread(struct stacks *s, struct thread *th, struct walk *w)
{
	uint64_t stamp = 0;
	bool read = !s->options.stop && read_blocked(&s->t, th, &stamp);

	if (read) {
		th->stack = walk_thread(&s->t, &s->go, th, w);
		if (find_new_m(s, th, w) && (read = read_blocked(&s->t, th, &stamp))) {
			th->stack = walk_thread(&s->t, &s->go, th, w);
		}
	}
	if (read) {
		read = !(w->late && ran_meanwhile(s, th, stamp)) &&
		       !(w->lost && !s->options.no_stop);
	}
	if (!read && (th->error == ESRCH || th->error == ENOENT)) {
		th->how = HOW_GONE;
		return;
	}
	if (!read && s->options.no_stop) {
		th->how = th->how == HOW_READ ? HOW_READ : HOW_TORN;
		return;
	}
	if (!read) {
		stop_and_read(s, th);
		if (th->how == HOW_STOPPED) {
			th->stack = walk_thread(&s->t, &s->go, th, w);
		}
		if (th->how == HOW_STOPPED && find_new_m(s, th, w)) {
			stop_and_read(s, th);
			th->stack = walk_thread(&s->t, &s->go, th, w);
		}
	}
	thread_drop(th);
}

static void
sigbus(int sig)
{
	static const char text[] = "rcgo: a file of the target was cut short while it was read\n";

	(void)sig;
	(void)!write(2, text, sizeof text - 1);
	_exit(EXIT_RCGO);
}

static bool
is_number(const char *s)
{
	return isdigit((unsigned char)s[0]) && strspn(s, "0123456789") == strlen(s);
}

void
stacks_open(struct stacks *s, const char *what)
{
	int err;

	s->t.debug = s->options.debug;
	s->t.sysroot = s->options.sysroot;
	s->t.exe = s->options.exe;
	s->t.force = s->options.force;
	signal(SIGBUS, sigbus);
	names_open(s);
	if (!is_number(what)) {
		core_open(&s->t, what);
	} else {
		err = process_open(&s->t, atoi(what));
		if (err != 0) {
			process_fail(atoi(what), -err);
		}
	}
	if (!s->options.c_only) {
		go_find(&s->t, &s->go);
	}
}

void
stacks_take(struct stacks *s)
{
	struct walk *w = xalloc(sizeof *w);

	if (!s->t.core) {
		process_threads(&s->t);
	}
	for (size_t i = 0; i < s->go.runtimes; i++) {
		go_read_ms(&s->t, &s->go.runtime[i]);
	}
	for (size_t i = 0; i < s->t.threads; i++) {
		struct thread *th = &s->t.thread[i];

		if (s->options.thread != 0 && th->tid != s->options.thread) {
			continue;
		}
		stacks_find_m(s, th);
		if (s->t.core) {
			th->stack = walk_thread(&s->t, &s->go, th, w);
		} else {
			stacks_take_thread(s, th, w);
		}
	}
	if (s->options.thread == 0) {
		stacks_goroutines(s, w);
	}
	free(w);
}
