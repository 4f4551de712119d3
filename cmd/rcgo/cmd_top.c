// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the threads of a running program, what is counted of them, and how they fare.
#include "top.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct top {
	pid_t pid;
	double delay;
	uint64_t count; // 0: until the process ends
	bool json, screen;
};

// The counters by name; a JSON object has them so.
static const struct {
	const char *name;
	size_t at;
} counters[] = {
#define COUNTER(name)                                                       \
	{                                                                   \
#		name, offsetof(struct rcgo_stats, name) / sizeof(uint64_t) \
	}
	COUNTER(threads_started),
	COUNTER(threads_running),
	COUNTER(threads_peak),
	COUNTER(foreign_bound),
	COUNTER(foreign_seen),
	COUNTER(start_retries),
	COUNTER(stacks_smaller),
	COUNTER(all_threads_calls),
	COUNTER(all_threads_given_up),
	COUNTER(start_failures),
	COUNTER(waits),
	COUNTER(callbacks),
#undef COUNTER
};

static void
print_json(const struct top *top, const struct rcgo_stats_page *page,
	const struct top_threads *threads)
{
	const uint64_t *values = (const uint64_t *)&page->stats;
	json_t *object = json_object(), *list = json_array();
	double tick = 1000.0 / (double)sysconf(_SC_CLK_TCK);

	json_object_set_new(object, "pid", json_integer(top->pid));
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		bool known = strcmp(counters[i].name, "callbacks") != 0 ||
			     (page->flags & RCGO_STATS_PAGE_CALLBACKS) != 0;

		json_object_set_new(object, counters[i].name,
			known ? json_integer((json_int_t)values[counters[i].at]) : json_null());
	}
	for (size_t i = 0; i < threads->n; i++) {
		const struct top_thread *t = &threads->at[i];
		char state[2] = {t->state, '\0'};

		json_array_append_new(list,
			json_pack("{s:i, s:s, s:s, s:s, s:f, s:s, s:s}", "tid", (int)t->tid, "name",
				t->name, "kind", t->kind, "state", state, "cpu_ms",
				(double)t->ticks * tick, "in", t->where, "function", t->function));
	}
	json_object_set_new(object, "threads", list);
	json_dumpf(object, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(object);
}

static void
print_summary(const struct top *top, const struct rcgo_stats_page *page, size_t threads)
{
	const struct rcgo_stats *s = &page->stats;
	char *callbacks = (page->flags & RCGO_STATS_PAGE_CALLBACKS) != 0
				  ? fmt("%" PRIu64, s->callbacks)
				  : xstrdup("not counted (RCGO=stats=on)");

	printf("process %d: %zu threads\n", top->pid, threads);
	printf("of Go       %" PRIu64 " running, peak %" PRIu64 ", started %" PRIu64
	       "; retried %" PRIu64 ", smaller stacks %" PRIu64 ", failed %" PRIu64 "\n",
		s->threads_running, s->threads_peak, s->threads_started, s->start_retries,
		s->stacks_smaller, s->start_failures);
	printf("of C in Go  %" PRIu64 " bound, %" PRIu64 " seen; waited for Go's start %" PRIu64
	       "\n",
		s->foreign_bound, s->foreign_seen, s->waits);
	printf("calls       C to Go: %s; on all threads: %" PRIu64 ", given up %" PRIu64 "\n\n",
		callbacks, s->all_threads_calls, s->all_threads_given_up);
	free(callbacks);
}

static size_t
screen_rows(void)
{
	struct winsize w;

	return ioctl(1, TIOCGWINSZ, &w) == 0 && w.ws_row > 8 ? w.ws_row : 24;
}

static int
by_cpu(const void *a, const void *b)
{
	const struct top_thread *x = a, *y = b;

	if (x->cpu != y->cpu) {
		return x->cpu < y->cpu ? 1 : -1;
	}
	return (x->ticks < y->ticks) - (x->ticks > y->ticks);
}

static void
print_table(const struct top *top, const struct rcgo_stats_page *page,
	const struct top_threads *threads)
{
	size_t rows = top->screen ? screen_rows() - 7 : threads->n;
	struct top_thread *sorted = xalloc((threads->n + 1) * sizeof *sorted);
	double tick = 1.0 / (double)sysconf(_SC_CLK_TCK);

	if (threads->n > 0) {
		memcpy(sorted, threads->at, threads->n * sizeof *sorted);
		qsort(sorted, threads->n, sizeof *sorted, by_cpu);
	}
	fputs(top->screen ? "\033[H\033[J" : "", stdout);
	print_summary(top, page, threads->n);
	printf("%8s  %-15s  %-4s  %s  %5s  %9s  %-2s  %s\n", "TID", "NAME", "KIND", "S", "CPU%",
		"TIME", "IN", "FUNCTION");
	for (size_t i = 0; i < threads->n && i < rows; i++) {
		const struct top_thread *t = &sorted[i];
		char cpu[16] = "-";

		if (t->cpu >= 0) {
			snprintf(cpu, sizeof cpu, "%.1f", t->cpu);
		}
		printf("%8d  %-15s  %-4s  %c  %5s  %9.2f  %-2s  %s\n", (int)t->tid, t->name,
			t->kind, t->state, cpu, (double)t->ticks * tick, t->where, t->function);
	}
	free(sorted);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void
pause_for(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};

	while (nanosleep(&t, &t) != 0 && errno == EINTR) {
	}
}

static void
find_functions(struct top_stacks *stacks, struct top_threads *threads)
{
	top_stacks_refresh(stacks);
	for (size_t i = 0; i < threads->n; i++) {
		threads->at[i].function = top_stacks_function(stacks, threads->at[i].tid);
	}
}

static void
free_threads(struct top_threads *threads)
{
	for (size_t i = 0; i < threads->n; i++) {
		free(threads->at[i].function);
	}
	free(threads->at);
}

static void
show(const struct top *top)
{
	struct top_page page = top_page_open(top->pid);
	struct top_stacks *stacks = top_stacks_open(top->pid);
	struct top_threads before = {NULL, 0};
	double then = 0;

	for (uint64_t i = 0; top->count == 0 || i < top->count; i++) {
		struct rcgo_stats_page stats;
		struct top_threads threads;
		double t;

		if (i > 0) {
			pause_for(top->delay);
		}
		t = now();
		// The process may have ended, or be another program by exec.
		if (!top_page_read(&page, &stats)) {
			break;
		}
		threads = top_threads_read(top->pid, &stats);
		if (threads.n == 0) {
			break;
		}
		find_functions(stacks, &threads);
		top_threads_compare(&threads, &before, i > 0 ? t - then : 0);
		(top->json ? print_json : print_table)(top, &stats, &threads);
		if (fflush(stdout) != 0) {
			break;
		}
		free_threads(&before);
		before = threads;
		then = t;
	}
}

static double
number(const char *flag, const char *text, double least, double most)
{
	char *end;
	double x = strtod(text, &end);

	if (end == text || *end != '\0' || !(x >= least && x <= most)) {
		usage_error("top", "top: -%s wants a number from %g to %g, not %s", flag, least,
			most, text);
	}
	return x;
}

int
cmd_top(int argc, char **argv)
{
	static const struct option flags[] = {
		{"d", required_argument, NULL, 'd'},
		{"n", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{NULL, 0, NULL, 0},
	};
	struct top top = {.delay = 1, .count = isatty(1) ? 0 : 1};
	int c;

	opterr = 0;
	while ((c = getopt_long_only(argc, argv, "", flags, NULL)) != -1) {
		if (c == 'd') {
			top.delay = number("d", optarg, 0.01, 86400);
		} else if (c == 'n') {
			top.count = (uint64_t)number("n", optarg, 1, 1e9);
		} else if (c == 'j') {
			top.json = true;
		} else {
			usage_flag("top", argv);
		}
	}
	if (argc - optind != 1) {
		usage_error("top", "top wants one process id");
	}
	char *end;
	long pid = strtol(argv[optind], &end, 10);

	if (end == argv[optind] || *end != '\0' || pid <= 0 || pid > INT32_MAX) {
		usage_error("top", "top wants a process id, not %s", argv[optind]);
	}
	top.pid = (pid_t)pid;
	top.screen = isatty(1) && !top.json && top.count != 1;
	show(&top);
	return 0;
}
