// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the current function of each thread. A waiting thread is not stopped.
#include "stack.h"
#include "top.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "symbols.h"

#define CHILD_SECONDS 0.5

struct top_stacks {
	struct stacks s;
	bool no_stop;
	struct walk walk;
};

// NULL if the kernel does not permit access to the process; a page of counters may
// still be readable.
struct top_stacks *
top_stacks_open(pid_t pid, bool no_stop)
{
	struct top_stacks *top = xalloc(sizeof *top);

	top->no_stop = no_stop;
	top->s.options.no_stop = true;
	names_open(&top->s);
	if (process_open(&top->s.t, pid) != 0) {
		free(top);
		return NULL;
	}
	go_find(&top->s.t, &top->s.go);
	return top;
}

static void
top_stacks_refresh(struct top_stacks *top)
{
	if (top == NULL) {
		return;
	}
	stacks_new_modules(&top->s);
	process_threads(&top->s.t);
	target_forget(&top->s.t);
	for (size_t i = 0; i < top->s.go.runtimes; i++) {
		go_read_ms(&top->s.t, &top->s.go.runtime[i]);
	}
}

static bool
is_libc(const struct name *n)
{
	const char *base = n->module != NULL ? symbols_base_name(n->module) : "";

	return has_prefix(base, "libc.") || has_prefix(base, "libpthread") ||
	       has_prefix(base, "libc-") || has_prefix(base, "ld-") || strcmp(base, "[vdso]") == 0;
}

// Finds the program's own innermost C function, and the Go function that called C.
static char *
describe(struct stacks *s, const struct stack *stack)
{
	const char *c = NULL, *libc = NULL, *go = NULL;

	for (size_t i = 0; i < stack->n && go == NULL; i++) {
		const struct name *names;
		size_t n = stack->frame[i].lang == FRAME_NOTE
				   ? 0
				   : names_of(s, &stack->frame[i], &names);

		for (size_t k = 0; k < n && go == NULL; k++) {
			if (names[k].hidden || strstr(names[k].function, "._Cfunc_") != NULL) {
				continue;
			}
			if (names[k].lang == FRAME_GO) {
				go = names[k].function;
			} else if (is_libc(&names[k])) {
				libc = libc == NULL ? names[k].function : libc;
			} else if (c == NULL) {
				c = names[k].function;
			}
		}
	}
	c = c != NULL ? c : libc;
	if (c == NULL) {
		return xstrdup(go != NULL ? go : "-");
	}
	return go != NULL ? fmt("%s, from %s", c, go) : xstrdup(c);
}

static struct thread *
find_thread(struct top_stacks *top, pid_t tid)
{
	for (size_t i = 0; i < top->s.t.threads; i++) {
		if (top->s.t.thread[i].tid == tid) {
			return &top->s.t.thread[i];
		}
	}
	return NULL;
}

static void
take(struct top_stacks *top, struct thread *th)
{
	th->stack = NULL;
	stacks_find_m(&top->s, th);
	stacks_take_thread(&top->s, th, &top->walk);
}

static void
drop(struct thread *th)
{
	free((void *)(uintptr_t)th->stack);
	free(th->goroutine);
	th->stack = NULL;
	th->goroutine = NULL;
}

// The child's answer for one thread; n frames follow.
struct answer {
	size_t index;
	uint64_t pc;
	size_t n;
};

static _Noreturn void
stop_and_tell(struct top_stacks *top, const struct top_threads *threads, int to)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	top->s.options.no_stop = false;
	for (size_t i = 0; i < threads->n; i++) {
		struct thread *th = find_thread(top, threads->at[i].tid);

		if (threads->at[i].function != NULL || th == NULL) {
			continue;
		}
		take(top, th);
		if ((th->read == READ_BLOCKED || th->read == READ_STOPPED) && th->stack != NULL) {
			struct answer a = {i, th->read == READ_STOPPED ? th->pc : 0, th->stack->n};
			struct iovec v[] = {{&a, sizeof a},
				{(void *)(uintptr_t)th->stack->frame, a.n * sizeof(struct frame)}};

			if (writev(to, v, 2) < 0) {
				break;
			}
		}
		drop(th);
	}
	_exit(0);
}

// Reads exactly size bytes from the child, until the deadline.
static bool
read_all(int fd, void *to, size_t size, double until)
{
	char *p = to;

	while (size > 0) {
		struct pollfd in = {.fd = fd, .events = POLLIN};
		double left = until - top_now();
		ssize_t n;

		if (left <= 0 || poll(&in, 1, (int)(left * 1000) + 1) <= 0 ||
			(n = read(fd, p, size)) <= 0) {
			return false;
		}
		p += n;
		size -= (size_t)n;
	}
	return true;
}

static void
read_answers(struct top_stacks *top, struct top_threads *threads, int from,
	const struct rcgo_stats_page *stats)
{
	double until = top_now() + CHILD_SECONDS;
	struct answer a;

	while (read_all(from, &a, sizeof a, until)) {
		struct stack *stack = xalloc(sizeof *stack + a.n * sizeof *stack->frame);

		stack->n = a.n;
		if (read_all(from, stack->frame, a.n * sizeof *stack->frame, until)) {
			struct top_thread *t = &threads->at[a.index];

			for (size_t i = 0; i < a.n; i++) { // the child's list may be newer
				stack->frame[i].module = module_find(&top->s.t, stack->frame[i].pc);
			}
			t->function = describe(&top->s, stack);
			t->where = a.pc != 0 ? top_where(a.pc, stats) : t->where;
		}
		free(stack);
	}
}

// Gets the functions of running threads from a child process, which stops each thread while it
// reads it. If a thread gets no processor on which to stop, the child is ended, and the kernel
// releases the thread.
static void
ask_child(struct top_stacks *top, struct top_threads *threads, const struct rcgo_stats_page *stats)
{
	int ends[2];
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return;
	}
	child = fork();
	if (child == 0) {
		close(ends[0]);
		stop_and_tell(top, threads, ends[1]);
	}
	close(ends[1]);
	if (child > 0) {
		read_answers(top, threads, ends[0], stats);
		kill(child, SIGKILL);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	close(ends[0]);
}

void
top_stacks_functions(
	struct top_stacks *top, struct top_threads *threads, const struct rcgo_stats_page *stats)
{
	size_t running = 0;

	top_stacks_refresh(top);
	for (size_t i = 0; i < threads->n && top != NULL; i++) {
		struct top_thread *t = &threads->at[i];
		struct thread *th = find_thread(top, t->tid);

		if (th == NULL) {
			continue;
		}
		take(top, th);
		if (th->read == READ_BLOCKED && th->stack != NULL) {
			t->function = thread_kind(&top->s, th) == KIND_IDLE
					      ? xstrdup("idle")
					      : describe(&top->s, th->stack);
		}
		running += th->read == READ_TORN;
		drop(th);
	}
	if (running > 0 && !top->no_stop) {
		ask_child(top, threads, stats);
	}
	for (size_t i = 0; i < threads->n; i++) {
		if (threads->at[i].function == NULL) {
			threads->at[i].function = xstrdup("-");
		}
	}
}
