// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the text of one update, in the order that the user chose, fitted to the terminal.
#include "top.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The names of the orders, for -s and the last line of the screen.
static const char *const orders[TOP_SORTS] = {"cpu", "time", "tid", "name", "function"};

const char *
top_sort_name(enum top_sort sort)
{
	return orders[sort];
}

// Returns the order of this name, or TOP_SORTS.
enum top_sort
top_sort_named(const char *name)
{
	unsigned i = 0;

	while (i < TOP_SORTS && strcmp(orders[i], name) != 0) {
		i++;
	}
	return (enum top_sort)i;
}

static int
compare_numbers(double x, double y)
{
	return (x > y) - (x < y);
}

// Numbers that show how busy a thread is are sorted in descending order, others in ascending order.
static int
compare(const struct top_thread *x, const struct top_thread *y, enum top_sort sort)
{
	int order = 0;

	switch (sort) {
	case TOP_BY_NAME:
		order = strcmp(x->name, y->name);
		break;
	case TOP_BY_FUNCTION:
		order = strcmp(x->function, y->function);
		break;
	case TOP_BY_CPU:
		order = compare_numbers(y->cpu, x->cpu);
		// At the first update the rates are equal, so the total time decides.
		// fallthrough
	case TOP_BY_TIME:
		order = order != 0 ? order : compare_numbers((double)y->ticks, (double)x->ticks);
		break;
	case TOP_BY_TID:
	case TOP_SORTS:
		break;
	}
	return order != 0 ? order : compare_numbers(x->tid, y->tid);
}

struct sorted {
	const struct top_thread *thread;
	const struct top_view *view;
};

static int
compare_sorted(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int order = compare(x->thread, y->thread, x->view->sort);

	return x->view->reverse ? -order : order;
}

// Prints a line, cut off at the width of the screen. A character takes one column.
static void
print_line(FILE *out, const struct top_view *v, const char *text)
{
	size_t n = 0;
	unsigned columns = 0;

	if (!v->screen) {
		fprintf(out, "%s\n", text);
		return;
	}
	for (; text[n] != '\0'; n++) {
		bool begins = ((unsigned char)text[n] & 0xc0) != 0x80;

		if (begins && columns == v->columns) {
			break;
		}
		columns += begins;
	}
	fprintf(out, "%.*s\033[K", (int)n, text);
}

static void
print_text(FILE *out, const struct top_view *v, char *text)
{
	print_line(out, v, text);
	free(text);
	if (v->screen) {
		fputs("\r\n", out);
	}
}

// Prints the summary in one line, for a small screen.
static void
print_short_summary(FILE *out, const struct top_view *v, const struct top_page *page,
	const struct rcgo_stats *s, size_t threads)
{
	print_text(out, v,
		fmt("process %d: %zu threads, %" PRIu64 " of Go, %" PRIu64 " bound", page->pid,
			threads, s->threads_running, s->foreign_bound));
}

static void
print_summary(FILE *out, const struct top_view *v, const struct top_page *page,
	const struct rcgo_stats_page *stats, size_t threads)
{
	const struct rcgo_stats *s = &stats->stats;
	char *callbacks = (stats->flags & RCGO_STATS_PAGE_CALLBACKS) != 0
				  ? fmt("%" PRIu64, s->callbacks)
				  : xstrdup("not counted (RCGO=stats=on)");

	print_text(out, v, fmt("process %d: %zu threads", page->pid, threads));
	print_text(out, v,
		fmt("of Go       %" PRIu64 " running, peak %" PRIu64 ", started %" PRIu64
		    "; retried %" PRIu64 ", smaller stacks %" PRIu64 ", failed %" PRIu64,
			s->threads_running, s->threads_peak, s->threads_started, s->start_retries,
			s->stacks_smaller, s->start_failures));
	print_text(out, v,
		fmt("of C in Go  %" PRIu64 " bound, %" PRIu64
		    " seen; waited for Go's start %" PRIu64,
			s->foreign_bound, s->foreign_seen, s->waits));
	print_text(out, v,
		fmt("calls       C to Go: %s; on all threads: %" PRIu64 ", given up %" PRIu64,
			callbacks, s->all_threads_calls, s->all_threads_given_up));
	print_text(out, v, xstrdup(""));
	free(callbacks);
}

// A narrow screen shows only the most important columns.
enum { NARROW = 60, WIDE = 80, LOW = 16 };

static char *
head_of(const struct top_view *v)
{
	if (v->screen && v->columns < NARROW) {
		return fmt("%7s %s %5s %s", "TID", "S", "CPU%", "FUNCTION");
	}
	if (v->screen && v->columns < WIDE) {
		return fmt("%8s  %-15s  %s  %5s  %s", "TID", "NAME", "S", "CPU%", "FUNCTION");
	}
	return fmt("%8s  %-15s  %-4s  %s  %5s  %9s  %-2s  %s", "TID", "NAME", "KIND", "S", "CPU%",
		"TIME", "IN", "FUNCTION");
}

static char *
row_of(const struct top_view *v, const struct top_thread *t)
{
	char cpu[16] = "-";

	if (t->cpu >= 0) {
		snprintf(cpu, sizeof cpu, "%.1f", t->cpu);
	}
	if (v->screen && v->columns < NARROW) {
		return fmt("%7d %c %5s %s", (int)t->tid, t->state, cpu, t->function);
	}
	if (v->screen && v->columns < WIDE) {
		return fmt("%8d  %-15s  %c  %5s  %s", (int)t->tid, t->name, t->state, cpu,
			t->function);
	}
	return fmt("%8d  %-15s  %-4s  %c  %5s  %9.2f  %-2s  %s", (int)t->tid, t->name, t->kind,
		t->state, cpu, (double)t->ticks / (double)sysconf(_SC_CLK_TCK), t->where,
		t->function);
}

// The last line of the screen. Where keys are read, it names them.
static char *
foot_of(const struct top_view *v, size_t shown, size_t threads)
{
	char *sort = fmt("%s%s", top_sort_name(v->sort), v->reverse ? " reversed" : "");

	if (v->columns < NARROW) {
		return fmt("%zu-%zu of %zu by %s%s", v->first + (shown > 0), v->first + shown,
			threads, sort, v->keys ? "  s q" : "");
	}
	return fmt("threads %zu-%zu of %zu, by %s%s", v->first + (shown > 0), v->first + shown,
		threads, sort, v->keys ? "   s: sort  r: reverse  arrows: scroll  q: quit" : "");
}

// Prints one update. Corrects v->first, if fewer threads are left than it skips.
void
top_table(FILE *out, struct top_view *v, const struct top_page *page,
	const struct rcgo_stats_page *stats, const struct top_threads *threads)
{
	struct sorted *sorted = xalloc((threads->n + 1) * sizeof *sorted);
	bool low = v->screen && v->rows < LOW;
	size_t room = v->screen ? v->rows - (low ? 3 : 7) : threads->n, shown;

	for (size_t i = 0; i < threads->n; i++) {
		sorted[i] = (struct sorted){&threads->at[i], v};
	}
	if (threads->n > 0) {
		qsort(sorted, threads->n, sizeof *sorted, compare_sorted);
	}
	if (v->first + room > threads->n) {
		v->first = threads->n > room ? threads->n - room : 0;
	}
	shown = threads->n - v->first < room ? threads->n - v->first : room;
	fputs(v->screen ? "\033[H" : "", out);
	if (low) {
		print_short_summary(out, v, page, &stats->stats, threads->n);
	} else {
		print_summary(out, v, page, stats, threads->n);
	}
	print_text(out, v, head_of(v));
	for (size_t i = 0; i < shown; i++) {
		print_text(out, v, row_of(v, sorted[v->first + i].thread));
	}
	if (v->screen) {
		char *foot = foot_of(v, shown, threads->n);

		fputs("\033[J", out);
		print_line(out, v, foot);
		free(foot);
	}
	free(sorted);
}
