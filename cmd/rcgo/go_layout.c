// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the offsets of fields in g and m. They differ between versions, and also within some
// versions. So the layout that fits the observed data is used; the version only breaks ties.
// GO: runtime/runtime2.go
#include "stack_go.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_MAX 100000
#define CURG_TRIES 20

const struct go_layout go_layouts[] = {
	// minors, syscallsp pc, status, goid, waitsince reason, gopc, startpc, lockedm,
	// procid, gsignal, curg, ncgo, alllink, lockedg
	{19, 20, 112, 120, 144, 152, 168, 176, 296, 312, 232, 72, 80, 192, 312, 336, 352},
	{21, 21, 112, 120, 144, 152, 168, 176, 280, 296, 208, 72, 80, 192, 312, 336, 352},
	{22, 22, 112, 120, 144, 152, 168, 176, 280, 296, 208, 72, 80, 192, 304, 328, 344},
	{23, 24, 112, 120, 152, 160, 176, 184, 288, 304, 216, 72, 80, 192, 304, 328, 344},
	{23, 24, 112, 120, 152, 160, 176, 184, 288, 304, 216, 72, 80, 192, 328, 352, 368},
	{25, 25, 104, 112, 144, 152, 168, 176, 280, 296, 208, 64, 72, 184, 320, 344, 360},
	{26, 27, 104, 112, 144, 152, 168, 176, 288, 304, 208, 64, 72, 184, 328, 352, 384},
};
const size_t go_layout_count = sizeof go_layouts / sizeof *go_layouts;

// Returns whether this may be a goroutine that an M runs.
static bool
is_curg(const struct go_g *g)
{
	return g->lo < g->hi && (g->status & ~(uint32_t)G_SCAN) <= G_DEADEXTRA;
}

// For an M whose goroutine seems to belong to another M: reads both again in quick succession.
// Returns whether the goroutine is the M's, or the M is acquiring or releasing one.
static bool
curg_changes(struct target *t, const struct go_layout *l, const struct go_m *m)
{
	uint64_t before, after;
	uint8_t bytes[G_SIZE];
	struct go_g g = {0};

	for (unsigned i = 0; i < CURG_TRIES; i++) {
		if (!target_word(t, m->address + l->curg, &before) || before % 8 != 0 ||
			(before != 0 && !target_read(t, before, bytes, sizeof bytes)) ||
			!target_word(t, m->address + l->curg, &after)) {
			return false;
		}
		if (before == 0) {
			return true;
		}
		go_parse_g(l, before, bytes, &g);
		if (before == after && (!is_curg(&g) || g.m == m->address)) {
			return is_curg(&g);
		}
		// A thread may be preempted between two writes.
		nanosleep(&(struct timespec){0, 100 * 1000}, NULL);
	}
	return before != after || g.m == 0;
}

static bool
fits_curg(struct target *t, const struct go_layout *l, struct go_m *m)
{
	uint8_t bytes[G_SIZE];
	struct go_g g;

	if (m->curg == 0) {
		return true;
	}
	if (m->curg % 8 != 0 || !target_read_near(t, m->curg, bytes, sizeof bytes)) {
		return false;
	}
	go_parse_g(l, m->curg, bytes, &g);
	go_note_curg(m, &g);
	return is_curg(&g) && (g.m == m->address || curg_changes(t, l, m));
}

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

// The numbers that the target's threads have there, in order. A list of Ms is compared with them
// for each layout.
struct numbers {
	bool foreign; // those in the Ms are of another namespace, or of the process that forked
	size_t n;
	uint64_t number[];
};

static struct numbers *
thread_numbers(const struct target *t)
{
	struct numbers *list = xalloc(sizeof *list + t->threads * sizeof *list->number);

	list->foreign = t->core;
	list->n = t->threads;
	for (size_t i = 0; i < list->n; i++) {
		list->number[i] = (uint64_t)t->thread[i].ns_tid;
	}
	sort_items(list->number, list->n, sizeof *list->number, by_number);
	return list;
}

static bool
is_thread(const struct numbers *threads, uint64_t procid)
{
	return threads->foreign ||
	       bsearch(&procid, threads->number, threads->n, sizeof procid, by_number) != NULL;
}

// Returns how well a layout fits the list of Ms that begins at address: the number of Ms, plus the
// number of those that are known as threads; -1 if it does not fit. Stores the list.
static long
fit(struct target *t, const struct numbers *numbers, const struct go_layout *l, uint64_t address,
	struct go_ms *list)
{
	long ms = 0, threads = 0, running = 0;
	struct go_m m;
	bool whole;

	list->n = 0;
	for (; address != 0 && ms < MS_MAX; ms++) {
		if (!go_read_m(t, l, address, &m, &whole) || (whole && !fits_curg(t, l, &m))) {
			return -1;
		}
		if (whole) {
			go_ms_add(list, &m);
		}
		address = m.next;
		threads += m.procid != 0 && is_thread(numbers, m.procid);
		running += m.curg != 0;
	}
	return threads > 0 && address == 0 ? 2 * ms + threads + running : -1;
}

// Returns whether a pointer may point to an M, whose g0 refers to it. The first M is one of the
// runtime's variables; all others are allocated.
static bool
may_be_m(struct target *t, const struct go_table *table, uint64_t address)
{
	bool variable = address >= table->data && address < table->data_end;
	uint64_t g0, m;

	if (!variable && address >= table->module->start && address < table->module->end) {
		return false;
	}
	return address >= 4096 && address % 8 == 0 && address >> 48 == 0 &&
	       target_word_near(t, address + M_G0, &g0) && g0 >= 4096 && g0 % 8 == 0 &&
	       g0 >> 48 == 0 && target_word_near(t, g0 + G_M, &m) && m == address;
}

static void
add_variable(struct go_runtime *r, uint64_t variable)
{
	if (r->allms < sizeof r->allm / sizeof *r->allm) {
		r->allm[r->allms++] = variable;
	}
}

// Tries all layouts with the list that begins in this variable. Layouts of the runtime's own minor
// version get half a point more.
static void
try_variable(struct target *t, const struct numbers *numbers, struct go_runtime *r,
	uint64_t variable, uint64_t address, double *best)
{
	struct go_ms list = {0};

	if (r->ms > 0 && address == r->m_first) {
		add_variable(r, variable);
		return;
	}
	for (size_t i = 0; i < go_layout_count; i++) {
		const struct go_layout *l = &go_layouts[i];
		bool own = r->minor >= l->minor_first && r->minor <= l->minor_last;
		double n = (double)fit(t, numbers, l, address, &list) + (own ? 0.5 : 0);

		if (n >= 1 && n > *best) {
			*best = n;
			r->layout = l;
			r->allms = 0;
			r->m_first = address;
			go_take_ms(t, r, &list);
		}
		if (n >= 1 && n >= *best && r->layout == l) {
			add_variable(r, variable);
		}
	}
	free(list.m);
}

static void
try_variables(struct target *t, const struct numbers *numbers, struct go_runtime *r,
	const uint8_t *bytes, size_t size)
{
	double best = 0;

	for (size_t i = 0; bytes != NULL && i + 8 <= size; i += 8) {
		uint64_t address = rcgo__get64(bytes + i, false);

		if (address != 0 && may_be_m(t, r->table, address)) {
			try_variable(t, numbers, r, r->table->data + i, address, &best);
		}
	}
}

// In a child of fork, only the thread that forked is left, with a new number. The Ms have the
// numbers of the threads of the process that forked.
const struct go_layout *
go_layout_fit(struct target *t, struct go_runtime *r)
{
	size_t size = 0;
	uint8_t *bytes = go_read_data(t, r->table, &size);
	struct numbers *numbers = thread_numbers(t);

	r->layout = NULL;
	r->forked = false;
	target_forget(t);
	try_variables(t, numbers, r, bytes, size);
	if (r->layout == NULL && !numbers->foreign) {
		numbers->foreign = true;
		try_variables(t, numbers, r, bytes, size);
		r->forked = r->layout != NULL;
	}
	free(numbers);
	free(bytes);
	return r->layout;
}
