// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: reads the stacks of all threads. A blocked thread is read while it is blocked,
// without a stop. A running thread is stopped for some microseconds.
#include "stack.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"

#define STACK_MAX_KEPT ((size_t)256 << 10)
#define STACK_FIRST ((size_t)16 << 10) // most stacks are smaller
#define RED_ZONE 128
#define TRIES 4
#define STOPS_MAX_NS ((uint64_t)10 * 1000 * 1000 * 1000)
#define FIRM_MAX_NS ((uint64_t)500 * 1000 * 1000) // for threads that continue to wait
#define GS_MAX (3 * THREAD_MS_MAX)
#define ROUNDS_MAX 16 // of stopping threads that were created since

// Returns the number of used bytes of a goroutine's stack, from sp on.
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
	uint64_t low = go_lowest_sp(g);

	return sp > g->lo && sp <= g->hi && sp < low ? sp : low;
}

struct pieces {
	uint64_t address[16];
	size_t size[16];
	size_t n;
};

static void
add_piece(struct pieces *p, uint64_t address, size_t size)
{
	if (p->n < sizeof p->size / sizeof *p->size && address != 0 && size != 0) {
		p->address[p->n] = address;
		p->size[p->n++] = size;
	}
}

static void
keep_pieces(struct target *t, struct thread *th, const struct pieces *p)
{
	if (p->n > 0) {
		thread_keep(t, th, p->address, p->size, p->n);
	}
}

// Copies in one read the thread's Ms, their goroutines and the used part of curg's stack as far as
// the lists name them, and the first part of the stack.
static void
keep_first(struct target *t, struct thread *th)
{
	struct pieces p = {.n = 0};
	uint64_t sp = th->sp - RED_ZONE;
	size_t size = STACK_FIRST;

	for (unsigned i = 0; i < th->ms; i++) {
		const struct thread_m *own = &th->own[i];

		add_piece(&p, own->m, M_SIZE);
		for (unsigned k = 0; k < 3; k++) {
			add_piece(&p, own->g[k], G_SIZE);
		}
		if (own->g0_end > sp && own->g0_end - sp < size) {
			size = (size_t)(own->g0_end - sp);
		}
		if ((own->curg_sp > sp + STACK_FIRST || own->curg_end <= sp) &&
			own->curg_end - own->curg_sp <= STACK_MAX_KEPT) {
			add_piece(&p, own->curg_sp, (size_t)(own->curg_end - own->curg_sp));
		}
	}
	add_piece(&p, sp, size);
	keep_pieces(t, th, &p);
}

// A C thread returns its M, which another thread may have by now.
static bool
is_of_another(const struct thread *th, const struct go_m *m)
{
	return m->procid != 0 && m->procid != (uint64_t)th->ns_tid;
}

// Parses the copies of an M's goroutines, and lists the goroutines that were not copied.
// Returns their number.
static size_t
kept_gs(const struct thread *th, const struct thread_m *own, struct pieces *missing, struct go_g *g)
{
	const struct go_layout *l = own->runtime->layout;
	const uint8_t *bytes = thread_kept(th, own->m, M_SIZE);
	size_t n = 0;
	struct go_m m;

	if (bytes == NULL || !go_parse_m(l, own->m, bytes, &m)) {
		return 0;
	}
	const uint64_t address[3] = {m.g0, m.curg, m.gsignal};

	for (unsigned i = 0; i < 3; i++) {
		bytes = address[i] != 0 ? thread_kept(th, address[i], G_SIZE) : NULL;
		if (bytes != NULL) {
			go_parse_g(l, address[i], bytes, &g[n++]);
		} else {
			add_piece(missing, address[i], address[i] != 0 ? G_SIZE : 0);
		}
	}
	return n;
}

// Drops Ms that belong to another thread by now.
static void
drop_foreign_ms(struct thread *th)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < th->ms; i++) {
		const uint8_t *bytes = thread_kept(th, th->own[i].m, M_SIZE);
		struct go_m m;

		if (bytes == NULL ||
			!go_parse_m(th->own[i].runtime->layout, th->own[i].m, bytes, &m) ||
			th->own[i].runtime->forked || !is_of_another(th, &m)) {
			th->own[kept++] = th->own[i];
		}
	}
	th->ms = kept;
}

// Lists the used parts of the goroutines' stacks, and of the thread's current stack, that
// are not copied yet.
static void
keep_stacks(struct target *t, struct thread *th, const struct go_g *g, size_t n)
{
	const uint64_t first_end = th->sp - RED_ZONE + STACK_FIRST;
	struct pieces p = {.n = 0};

	for (size_t i = 0; i < n; i++) {
		uint64_t low = lowest_sp(&g[i], th->sp);
		size_t size = used(&g[i], low);

		if (used(&g[i], th->sp) != 0 && low >= th->sp - RED_ZONE && low < first_end) {
			size = low + size > first_end ? (size_t)(low + size - first_end) : 0;
			low = first_end;
		}
		if (size != 0 && thread_kept(th, low, size) == NULL) {
			add_piece(&p, low, size);
		}
	}
	keep_pieces(t, th, &p);
}

// Copies the memory that the walk of a thread will read. The walk reads missing memory later, from
// the running thread.
static void
keep_memory(struct target *t, struct thread *th)
{
	struct pieces missing = {.n = 0};
	struct go_g g[GS_MAX];
	size_t n = 0;

	thread_drop(t, th);
	keep_first(t, th);
	drop_foreign_ms(th);
	for (unsigned i = 0; i < th->ms; i++) {
		n += kept_gs(th, &th->own[i], &missing, &g[n]);
	}
	if (missing.n > 0) {
		keep_pieces(t, th, &missing);
		n = 0;
		missing.n = 0;
		for (unsigned i = 0; i < th->ms; i++) {
			n += kept_gs(th, &th->own[i], &missing, &g[n]);
		}
	}
	keep_stacks(t, th, g, n);
}

// Copies the memory for the walk of a blocked thread. Returns whether the thread stayed blocked.
static bool
read_blocked(struct target *t, struct thread *th, uint64_t *stamp)
{
	for (unsigned i = 0; i < TRIES; i++) {
		if (i == 0 && th->seen != 0) {
			*stamp = th->seen;
			th->seen = 0;
		} else if (!process_blocked(t, th, stamp)) {
			return false;
		}
		keep_memory(t, th);
		if (process_still_blocked(t, th)) {
			th->read = READ_BLOCKED;
			return true;
		}
	}
	return false;
}

// Records the result of an attempt to stop the thread. Returns whether it is stopped.
static bool
note_stop(struct thread *th, int err)
{
	th->error = err == 0 || err == -ESRCH ? 0 : -err;
	th->read = err == 0 ? READ_STOPPED : err == -ESRCH ? READ_EXITED : READ_TORN;
	return err == 0;
}

static void
stop_and_read(struct stacks *s, struct thread *th)
{
	// On a busy machine each stop waits for a processor.
	bool waited = !s->options.stop && (s->t.waited_ns > STOPS_MAX_NS ||
						  (!th->running && s->t.firm_ns > FIRM_MAX_NS));
	bool hurried = process_hurry(true);

	if (note_stop(th, waited ? -ETIMEDOUT : process_stop(&s->t, th))) {
		keep_memory(&s->t, th);
		process_release(&s->t, th);
		s->t.stopped++;
	}
	process_hurry(hurried);
}

// Returns whether the thread's M in the runtime that has this code is known.
static bool
has_m_at(const struct stacks *s, const struct thread *th, uint64_t pc)
{
	const struct go_table *table = go_table_at(&s->go, pc);

	if (table == NULL || table->runtime == NULL || table->runtime->layout == NULL) {
		return true;
	}
	for (unsigned i = 0; i < th->ms; i++) {
		if (th->own[i].runtime == table->runtime) {
			return true;
		}
	}
	return false;
}

// If the M of a thread in Go is not known, the thread got it after the list was read; code outside
// of all objects may belong to one that was loaded since. Reads the lists again, and returns
// whether more is known now.
static bool
find_new_m(struct stacks *s, struct thread *th, const struct walk *w)
{
	bool go = false;
	unsigned before;

	for (size_t i = 0; i < w->n && !go; i++) {
		go = w->frame[i].lang == FRAME_GO && !has_m_at(s, th, w->frame[i].pc);
	}
	if (!go && !(w->strange && stacks_new_modules(s))) {
		return false;
	}
	target_forget(&s->t);
	for (size_t i = 0; i < s->go.runtimes; i++) {
		go_read_ms(&s->t, &s->go.runtime[i]);
	}
	before = th->ms;
	stacks_find_m(s, th);
	return th->ms > before || !go;
}

bool
stacks_new_modules(struct stacks *s)
{
	bool changed = false;

	if (s->t.core || s->t.read != NULL || process_modules(&s->t, &changed) != 0 || !changed) {
		return false;
	}
	if (!s->options.c_only) {
		go_find(&s->t, &s->go);
	}
	return true;
}

// Walks the copied stack of a thread, and replaces the result of an earlier walk.
static void
walk(struct stacks *s, struct thread *th, struct walk *w)
{
	free((void *)(uintptr_t)th->stack);
	free(th->goroutine);
	th->goroutine = NULL;
	th->stack = s->t.walker->thread(&s->t, &s->go, th, w);
	if (w->strange) {
		jit_open(&s->t);
	}
}

// Reads and walks a blocked thread. Returns whether the stack is right and whole. th->read is
// READ_BLOCKED if it is right.
static bool
take_blocked_thread(struct stacks *s, struct thread *th, struct walk *w)
{
	uint64_t stamp = 0;

	if (!read_blocked(&s->t, th, &stamp)) {
		return false;
	}
	walk(s, th, w);
	if (find_new_m(s, th, w)) {
		if (!read_blocked(&s->t, th, &stamp)) {
			th->read = READ_TORN;
			return false;
		}
		walk(s, th, w);
	}
	if (w->late && !process_still_blocked(&s->t, th)) {
		th->read = READ_TORN;
		return false;
	}
	return !w->lost;
}

// Stops, reads and walks a thread. Returns whether it was stopped. If it cannot be stopped again
// for the memory of its new M, the first walk has read parts of its stack while it ran.
static bool
take_running_thread(struct stacks *s, struct thread *th, struct walk *w)
{
	stop_and_read(s, th);
	if (th->read != READ_STOPPED) {
		return false;
	}
	walk(s, th, w);
	if (find_new_m(s, th, w)) {
		stop_and_read(s, th);
		if (th->read == READ_STOPPED) {
			walk(s, th, w);
		}
	}
	return true;
}

void
stacks_take_thread(struct stacks *s, struct thread *th, struct walk *w)
{
	bool right;

	th->read = READ_NOT_YET;
	if (!s->options.stop && take_blocked_thread(s, th, w)) {
		thread_drop(&s->t, th);
		return;
	}
	right = th->read == READ_BLOCKED;
	if (th->error == ESRCH || th->error == ENOENT) {
		th->read = READ_EXITED;
		return;
	}
	if (!s->options.no_stop && !(right && process_feels_stop(&s->t, th)) &&
		take_running_thread(s, th, w)) {
		right = false; // its stack was replaced
	}
	if (th->read == READ_TORN || th->read == READ_NOT_YET) {
		th->read = right ? READ_BLOCKED : READ_TORN;
	}
	// The first thread of a process stays in the list after its end.
	if (th->read == READ_TORN && process_thread_state(&s->t, th) == 'Z') {
		th->read = READ_EXITED;
	}
	thread_drop(&s->t, th);
}

// Returns whether -stop was given for a whole process: all its threads are stopped
// at the same time.
static bool
stops_together(const struct stacks *s)
{
	return s->options.stop && s->options.thread == 0 && !s->t.core;
}

static int
await_together(struct target *t, struct thread *th)
{
	return t->waited_ns > STOPS_MAX_NS ? -ETIMEDOUT : process_await_stop(t, th);
}

// Stops all threads, including those that other threads create until they are stopped.
static void
stop_together(struct stacks *s)
{
	struct target *t = &s->t;
	bool more = true;

	for (unsigned round = 0; more && round < ROUNDS_MAX; round++) {
		more = false;
		process_threads(t);
		for (size_t i = 0; i < t->threads; i++) {
			struct thread *th = &t->thread[i];
			int err;

			if (th->read != READ_NOT_YET) {
				continue;
			}
			more = true;
			err = process_ask_stop(t, th);
			th->running = true; // maybe; it may have to wait for a processor
			if (err != 0) {
				note_stop(th, err);
			}
		}
		for (size_t i = 0; i < t->threads; i++) {
			struct thread *th = &t->thread[i];

			if (th->read == READ_NOT_YET && note_stop(th, await_together(t, th))) {
				t->stopped++;
			}
		}
	}
}

// Reads one thread while all threads are stopped. A thread that cannot be stopped, because its wait
// cannot be interrupted, does not run either.
static void
take_together(struct stacks *s, struct thread *th, struct walk *w)
{
	uint64_t stamp = 0;

	if (th->read == READ_STOPPED) {
		keep_memory(&s->t, th);
	} else if (th->read != READ_TORN || !read_blocked(&s->t, th, &stamp)) {
		return;
	}
	walk(s, th, w);
	if (find_new_m(s, th, w)) {
		keep_memory(&s->t, th);
		walk(s, th, w);
	}
	thread_drop(&s->t, th);
}

static void
release_together(struct stacks *s)
{
	for (size_t i = 0; i < s->t.threads; i++) {
		if (s->t.thread[i].read == READ_STOPPED) {
			process_release(&s->t, &s->t.thread[i]);
		}
	}
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
			process_fail(atoi(what), -err, "stack",
				"let the program print its stacks: kill -QUIT, or Go package "
				"stacks");
		}
	}
	if (!s->options.c_only) {
		go_find(&s->t, &s->go);
	}
}

static void
take_thread(struct stacks *s, struct thread *th, struct walk *w)
{
	stacks_find_m(s, th);
	if (s->t.core) {
		walk(s, th, w);
	} else if (stops_together(s)) {
		take_together(s, th, w);
	} else {
		stacks_take_thread(s, th, w);
	}
}

void
stacks_take(struct stacks *s)
{
	struct walk *w = xalloc(sizeof *w);
	uint64_t since = rcgo__clock_ns(CLOCK_MONOTONIC);

	if (stops_together(s)) {
		stop_together(s);
	} else if (!s->t.core) {
		process_more_threads(&s->t);
	}
	process_hurry(!s->t.core);
	if (s->options.stop) {
		target_forget(&s->t); // what was read while it ran
	}
	for (size_t i = 0; i < s->go.runtimes; i++) {
		go_read_ms(&s->t, &s->go.runtime[i]);
	}
	for (size_t i = 0; i < s->t.threads; i++) {
		struct thread *th = &s->t.thread[i];

		if (s->options.thread == 0 || th->tid == s->options.thread) {
			take_thread(s, th, w);
		}
	}
	if (s->options.thread == 0) {
		stacks_goroutines(s, w);
	}
	if (stops_together(s)) {
		release_together(s);
		s->t.together_ns = rcgo__clock_ns(CLOCK_MONOTONIC) - since;
	}
	process_hurry(false);
	for (size_t i = 0; i < s->t.threads; i++) {
		process_release_late(&s->t, &s->t.thread[i]);
	}
	free(w->steps);
	free(w);
}
