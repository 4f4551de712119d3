// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: what its files share: the page of counters of another process, and its threads.
#ifndef TOP_H
#define TOP_H

#include "rcgo.h"
#include "stats_page.h"

// top_page.c: the page of counters; see runtime/thread/stats_page.h
struct top_page {
	pid_t pid;
	int fd; // the process's memory, or a memory file of its
	off_t at;
};
struct top_page top_page_open(pid_t pid);
bool top_page_read(const struct top_page *p, struct rcgo_stats_page *page);

// top_threads.c: the threads of a process, by /proc
struct top_thread {
	pid_t tid;
	char name[32];
	char state;
	uint64_t ticks;	   // of CPU time
	const char *kind;  // main, go, c
	const char *where; // go, c, or -: it runs, or we may not know
	double cpu;	   // percent since the last look; below 0: there was none
	char *function;	   // that it waits in
};
struct top_threads {
	struct top_thread *at;
	size_t n;
};
struct top_threads top_threads_read(pid_t pid, const struct rcgo_stats_page *page);
void top_threads_compare(struct top_threads *now, const struct top_threads *before, double seconds);

// stack_top.c: in which function a thread waits; - when it runs, or is not to be looked at. The
// caller frees it.
struct top_stacks;
struct top_stacks *top_stacks_open(pid_t pid);
void top_stacks_refresh(struct top_stacks *top);
char *top_stacks_function(struct top_stacks *top, pid_t tid);

#endif // TOP_H
