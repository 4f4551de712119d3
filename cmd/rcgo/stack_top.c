// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the function that each waiting thread is in. No thread is stopped for it.
#include "stack.h"
#include "top.h"

#include <stdlib.h>
#include <string.h>

#include "symbols.h"

struct top_stacks {
	struct stacks s;
	struct walk walk;
};

// NULL when the kernel does not let us look: a page of counters may still be read.
struct top_stacks *
top_stacks_open(pid_t pid)
{
	struct top_stacks *top = xalloc(sizeof *top);

	top->s.options.no_stop = true;
	names_open(&top->s);
	if (process_open(&top->s.t, pid) != 0) {
		free(top);
		return NULL;
	}
	go_find(&top->s.t, &top->s.go);
	return top;
}

void
top_stacks_refresh(struct top_stacks *top)
{
	if (top == NULL) {
		return;
	}
	process_threads(&top->s.t);
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

// The program's own innermost function in C, and the Go function that called into C.
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

char *
top_stacks_function(struct top_stacks *top, pid_t tid)
{
	struct thread *th = NULL;
	char *text = NULL;

	for (size_t i = 0; top != NULL && i < top->s.t.threads; i++) {
		th = top->s.t.thread[i].tid == tid ? &top->s.t.thread[i] : th;
	}
	if (th == NULL) {
		return xstrdup("-");
	}
	th->m = 0;
	th->stack = NULL;
	stacks_find_m(&top->s, th);
	stacks_take_thread(&top->s, th, &top->walk);
	if (th->how == HOW_READ && th->stack != NULL) {
		text = thread_kind(&top->s, th) == KIND_IDLE ? xstrdup("idle")
							     : describe(&top->s, th->stack);
	}
	free((void *)(uintptr_t)th->stack);
	free(th->goroutine);
	th->goroutine = NULL;
	return text != NULL ? text : xstrdup("-");
}
