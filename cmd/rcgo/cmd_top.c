// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the threads of a running program, with their states and counters.
#include "top.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct top {
	pid_t pid;
	double delay;
	uint64_t count; // 0: until the process ends
	bool json, no_stop;
	struct top_view view;
};

// The data of one update.
struct update {
	struct rcgo_stats_page stats;
	struct top_threads threads;
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
	COUNTER(thread_stack_bytes),
#undef COUNTER
};

static void
print_json(const struct top *top, const struct rcgo_stats_page *stats,
	const struct top_threads *threads)
{
	const uint64_t *values = (const uint64_t *)&stats->stats;
	json_t *object = json_object(), *list = json_array();
	double tick = 1000.0 / (double)sysconf(_SC_CLK_TCK);

	json_object_set_new(object, "pid", json_integer(top->pid));
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
		bool known = strcmp(counters[i].name, "callbacks") != 0 ||
			     (stats->flags & RCGO_STATS_PAGE_CALLBACKS) != 0;

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
pause_for(double seconds)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - floor(seconds)) * 1e9)};

	while (seconds > 0 && nanosleep(&t, &t) != 0 && errno == EINTR) {
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

// Prints an update. Returns false if that fails.
static bool
print_update(struct top *top, const struct top_page *page, const struct update *u)
{
	if (top->json) {
		print_json(top, &u->stats, &u->threads);
	} else {
		if (top->view.screen) {
			top_screen_measure(&top->view);
		}
		top_table(stdout, &top->view, page, &u->stats, &u->threads);
	}
	return fflush(stdout) == 0;
}

// Waits for the time of the next update, and draws the last one again when a key wants that.
static void
wait_for_next(struct top *top, const struct top_page *page, const struct update *u, double until)
{
	if (!top->view.screen) {
		pause_for(until - top_now());
		return;
	}
	while (!top->view.quit && top_screen_wait(&top->view, until)) {
		top->view.quit |= !print_update(top, page, u);
	}
}

static void
show(struct top *top)
{
	struct top_page page = top_page_open(top->pid);
	struct top_stacks *stacks = top_stacks_open(top->pid, top->no_stop);
	struct update last = {0};
	double then = 0;

	if (top->view.screen) {
		top_screen_open(&top->view);
	}
	for (uint64_t i = 0; top->count == 0 || i < top->count; i++) {
		struct update u;
		double t;

		if (i > 0) {
			wait_for_next(top, &page, &last, then + top->delay);
		}
		t = top_now();
		// The process may have ended, or be another program by exec.
		if (top->view.quit || !top_page_read(&page, &u.stats)) {
			break;
		}
		u.threads = top_threads_read(top->pid, &u.stats);
		if (u.threads.n == 0) {
			break;
		}
		top_stacks_functions(stacks, &u.threads, &u.stats);
		top_threads_compare(&u.threads, &last.threads, i > 0 ? t - then : 0);
		free_threads(&last.threads);
		last = u;
		then = t;
		if (!print_update(top, &page, &last)) {
			break;
		}
	}
	if (top->view.screen) {
		top_screen_close(&top->view);
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

static enum top_sort
sort_named(const char *name)
{
	enum top_sort sort = top_sort_named(name);
	char *names = xstrdup("");

	if (sort != TOP_SORTS) {
		return sort;
	}
	for (unsigned i = 0; i < TOP_SORTS; i++) {
		names = fmt("%s%s%s", names, i > 0 ? ", " : "", top_sort_name(i));
	}
	usage_error("top", "top: -s wants one of %s, not %s", names, name);
}

int
cmd_top(int argc, char **argv)
{
	static const struct option flags[] = {
		{"d", required_argument, NULL, 'd'},
		{"n", required_argument, NULL, 'n'},
		{"json", no_argument, NULL, 'j'},
		{"no-stop", no_argument, NULL, 'x'},
		{"s", required_argument, NULL, 's'},
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
		} else if (c == 'x') {
			top.no_stop = true;
		} else if (c == 's') {
			top.view.sort = sort_named(optarg);
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
	top.view.screen = isatty(1) && !top.json && top.count != 1;
	show(&top);
	return 0;
}
