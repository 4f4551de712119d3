// SPDX-License-Identifier: BSD-3-Clause
// Running processes: stack, record, top and heap read them through Linux's /proc. On FreeBSD each
// of these commands ends here with a message as soon as it is given a process.
#include "heap.h"
#include "stack.h"
#include "top.h"

#include <errno.h>

static _Noreturn void
fail_process(pid_t pid)
{
	fail(fmt("process %d cannot be looked at: this system is FreeBSD", (int)pid),
		"stack, record, top and heap read running processes through Linux's /proc",
		fmt("`procstat kstack %d`, or `lldb -p %d`; or let the program tell of itself: "
		    "`kill -QUIT %d` prints its goroutines",
			(int)pid, (int)pid, (int)pid));
}

int
process_open(struct target *t, pid_t pid)
{
	(void)t;
	fail_process(pid);
}

void
process_fail(pid_t pid, int err, const char *command, const char *otherwise)
{
	(void)err, (void)command, (void)otherwise;
	fail_process(pid);
}

struct top_page
top_page_open(pid_t pid)
{
	fail_process(pid);
}

// There is no open process, so what follows says "unknown", and does nothing.

void
process_threads(struct target *t)
{
	(void)t;
}

void
process_more_threads(struct target *t)
{
	(void)t;
}

bool
process_blocked(struct target *t, struct thread *th, uint64_t *stamp)
{
	(void)t, (void)th, (void)stamp;
	return false;
}

bool
process_still_blocked(struct target *t, struct thread *th)
{
	(void)t, (void)th;
	return false;
}

bool
process_has_signal(const struct target *t, const struct thread *th)
{
	(void)t, (void)th;
	return false;
}

const char *
process_tracer(const struct target *t, const struct thread *th)
{
	(void)t;
	(void)th;
	return NULL;
}

char
process_thread_state(const struct target *t, const struct thread *th)
{
	(void)t, (void)th;
	return 0;
}

void
process_names(struct target *t)
{
	(void)t;
}

void
process_blocked_for(struct target *t)
{
	(void)t;
}

int
process_modules(struct target *t, bool *changed)
{
	(void)t;
	*changed = false;
	return -ENOSYS;
}

int
process_stop(struct target *t, struct thread *th)
{
	(void)t, (void)th;
	return -ENOSYS;
}

int
process_ask_stop(struct target *t, struct thread *th)
{
	return process_stop(t, th);
}

int
process_await_stop(struct target *t, struct thread *th)
{
	return process_stop(t, th);
}

void
process_release(struct target *t, struct thread *th)
{
	(void)t, (void)th;
}

void
process_release_late(struct target *t, struct thread *th)
{
	(void)t, (void)th;
}

bool
process_feels_stop(const struct target *t, const struct thread *th)
{
	(void)t, (void)th;
	return false;
}

bool
process_hurry(bool on)
{
	(void)on;
	return false;
}

bool
heap_find_resident(struct heap *h, struct heap_resident *r)
{
	(void)h, (void)r;
	return false;
}

bool
top_page_read(const struct top_page *p, struct rcgo_stats_page *page)
{
	(void)p, (void)page;
	return false;
}

struct top_threads
top_threads_read(pid_t pid, const struct rcgo_stats_page *page)
{
	(void)pid, (void)page;
	return (struct top_threads){NULL, 0};
}

void
top_threads_compare(struct top_threads *now, const struct top_threads *before, double seconds)
{
	(void)now, (void)before, (void)seconds;
}

struct top_stacks *
top_stacks_open(pid_t pid, bool no_stop)
{
	(void)pid, (void)no_stop;
	return NULL;
}

void
top_stacks_functions(
	struct top_stacks *top, struct top_threads *threads, const struct rcgo_stats_page *stats)
{
	(void)top, (void)threads, (void)stats;
}
