// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: what its files share: the page of counters of another process, and its threads.
#ifndef TOP_H
#define TOP_H

#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "rcgo.h"
#include "stats_page.h"

// top_page_linux.c: the page of counters; see runtime/thread/stats_page.h
struct top_page {
	pid_t pid;
	int fd; // the process's memory, or a memory file of its
	off_t at;
};
struct top_page top_page_open(pid_t pid);
bool top_page_read(const struct top_page *p, struct rcgo_stats_page *page);

// top_threads_linux.c: the threads of a process, by /proc
struct top_thread {
	pid_t tid;
	char name[32];
	char state;
	uint64_t ticks;	   // of CPU time
	const char *kind;  // main, go, c
	const char *where; // go, c, or -: not known
	double cpu;	   // percent since the last look; below 0: there was none
	char *function;	   // that it is in
};
struct top_threads {
	struct top_thread *at;
	size_t n;
};
struct top_threads top_threads_read(pid_t pid, const struct rcgo_stats_page *page);
void top_threads_compare(struct top_threads *now, const struct top_threads *before, double seconds);

// Returns in whose code an address is: go or c.
const char *top_where(uint64_t pc, const struct rcgo_stats_page *stats);

// stack_top_linux.c: the function that each thread is in; - when it is not to be looked at. Unless
// no_stop, each thread that runs is stopped for some microseconds.
struct top_stacks;
struct top_stacks *top_stacks_open(pid_t pid, bool no_stop);
void top_stacks_functions(
	struct top_stacks *top, struct top_threads *threads, const struct rcgo_stats_page *stats);

// top_table.c: the text of an update
enum top_sort { TOP_BY_CPU, TOP_BY_TIME, TOP_BY_TID, TOP_BY_NAME, TOP_BY_FUNCTION, TOP_SORTS };
struct top_view {
	bool screen, keys;	// keys are read from the terminal
	bool quit;		// the user wants to end
	unsigned rows, columns; // of the screen
	size_t first;		// threads that are skipped
	enum top_sort sort;
	bool reverse;
};
const char *top_sort_name(enum top_sort sort);
enum top_sort top_sort_named(const char *name);
void top_table(FILE *out, struct top_view *v, const struct top_page *page,
	const struct rcgo_stats_page *stats, const struct top_threads *threads);

// top_screen.c: the terminal
void top_screen_measure(struct top_view *v);
void top_screen_open(struct top_view *v);
void top_screen_close(const struct top_view *v);
bool top_screen_wait(struct top_view *v, double until);

static inline double
top_now(void) // in seconds
{
	return (double)rcgo__clock_ns(CLOCK_MONOTONIC) * 1e-9;
}

#endif // TOP_H
