// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the output as text. Equal stacks are printed once, with the threads that have them.
#include "stack.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "symbols.h"

#define LISTED 12 // thread or goroutine numbers per line
#define NAME_WIDTH 60

// A stack to print.
struct entry {
	const struct stack *stack;
	const struct thread *th;   // or NULL
	const struct goroutine *g; // or NULL
	enum thread_kind kind;
};

static int
by_stack(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	size_t n = x->stack->n < y->stack->n ? x->stack->n : y->stack->n;

	if (x->kind != y->kind) {
		return x->kind < y->kind ? 1 : -1;
	}
	for (size_t i = 0; i < n; i++) {
		const struct frame *f = &x->stack->frame[i], *h = &y->stack->frame[i];

		if (f->pc != h->pc) {
			return f->pc < h->pc ? -1 : 1;
		}
	}
	if (x->stack->n != y->stack->n) {
		return x->stack->n < y->stack->n ? -1 : 1;
	}
	if (x->th != NULL && y->th != NULL && x->th->waits_at != y->th->waits_at &&
		x->th->waits_kind != NULL && y->th->waits_kind != NULL) {
		return x->th->waits_at < y->th->waits_at ? -1 : 1;
	}
	return 0;
}

static bool
same(const struct entry *a, const struct entry *b)
{
	return by_stack(a, b) == 0;
}

static void
print_name(const struct stacks *s, const struct name *n)
{
	char *what = n->inlined ? fmt("%s (inlined)", n->function) : fmt("%s", n->function);
	const char *lang = n->lang == FRAME_GO ? "Go" : "C";

	if (n->hidden && !s->options.runtime) {
		return;
	}
	if (n->file != NULL) {
		printf("  %-3s %-*s %s:%u\n", lang, NAME_WIDTH / 2, what,
			s->options.runtime ? n->file : symbols_base_name(n->file), n->line);
	} else if (n->module != NULL && strchr(what, '+') == NULL) {
		printf("  %-3s %-*s %s\n", lang, NAME_WIDTH / 2, what,
			symbols_base_name(n->module));
	} else {
		printf("  %-3s %s\n", lang, what);
	}
	free(what);
}

static void
print_stack(struct stacks *s, const struct stack *stack)
{
	for (size_t i = 0; i < stack->n; i++) {
		const struct frame *f = &stack->frame[i];
		const struct name *names;
		size_t n;

		if (f->lang == FRAME_NOTE) {
			printf("  %s\n", f->note);
			continue;
		}
		n = names_of(s, f, &names);
		for (size_t k = 0; k < n; k++) {
			print_name(s, &names[k]);
		}
	}
}

// Prints which runtime it is, if the process has several.
static const char *
of_runtime(const struct stacks *s, const struct goroutine *g)
{
	return s->go.runtimes < 2
		       ? ""
		       : fmt(" of %s",
				 clean_text(symbols_base_name(g->runtime->table->module->path)));
}

static const char *
doing(const struct entry *e)
{
	switch (e->kind) {
	case KIND_IDLE:
		return "idle in Go";
	case KIND_C:
		return "in C";
	case KIND_RUNNING:
		return e->stack->frame[0].lang == FRAME_C ? "running in C" : "running Go";
	default:
		return e->th->in_syscall ? "in a system call of Go" : "in Go";
	}
}

static void
print_times(const struct entry *e, size_t n)
{
	int64_t lo = INT64_MAX, hi = -1;

	for (size_t i = 0; i < n; i++) {
		if (e[i].th->blocked_ms >= 0) {
			lo = e[i].th->blocked_ms < lo ? e[i].th->blocked_ms : lo;
			hi = e[i].th->blocked_ms > hi ? e[i].th->blocked_ms : hi;
		}
	}
	if (hi >= 0 && hi - lo > 100 + hi / 10) {
		printf(", %.1f to %.1f s", (double)lo / 1e3, (double)hi / 1e3);
	} else if (hi >= 0) {
		printf(", %.1f s", (double)hi / 1e3);
	}
}

static void
print_wait(struct stacks *s, const struct thread *th)
{
	if (th->waits_kind == NULL) {
		return;
	}
	if (strcmp(th->waits_kind, "thread") == 0) {
		printf("  waits for thread %d to end%s\n", waits_thread(s, th),
			waits_deadlock(s, th) ? ": DEADLOCK" : "");
		return;
	}
	printf("  waits for %s 0x%" PRIx64, th->waits_kind, th->waits_at);
	if (th->waits_for != 0) {
		printf(", held by thread %d%s", waits_thread(s, th), waits_owner(s, th));
	} else if (th->waits_readers > 0) {
		printf(", held by %" PRIu32 " reader%s; the lock does not tell which",
			th->waits_readers, th->waits_readers == 1 ? "" : "s");
	}
	putchar('\n');
}

static void
print_threads(struct stacks *s, const struct entry *e, size_t n)
{
	size_t goroutines = 0;

	printf("\n%zu thread%s %s", n, n == 1 ? "" : "s", doing(e));
	if (e->kind != KIND_RUNNING) {
		print_times(e, n);
	}
	putchar(':');
	for (size_t i = 0; i < n && i < LISTED; i++) {
		printf(" %d", e[i].th->tid);
		goroutines += e[i].th->goroutine != NULL;
	}
	if (n > LISTED) {
		fputs(" …", stdout);
	}
	if (goroutines > 0) {
		printf("   goroutine%s", goroutines == 1 ? "" : "s");
	}
	for (size_t i = 0; i < n && i < LISTED && goroutines > 0; i++) {
		if (e[i].th->goroutine != NULL) {
			printf(" %" PRIu64 "%s%s", e[i].th->goroutine->g.goid,
				e[i].th->goroutine->g.lockedm != 0 ? " (locked)" : "",
				of_runtime(s, e[i].th->goroutine));
		}
	}
	putchar('\n');
	print_wait(s, e->th);
	print_stack(s, e->stack);
}

static void
print_goroutines(struct stacks *s, const struct entry *e, size_t n)
{
	printf("\n%zu goroutine%s %s (%s):", n, n == 1 ? "" : "s", goroutine_state(&e->g->g),
		e->g->reason != NULL ? e->g->reason : "no reason");
	for (size_t i = 0; i < n && i < LISTED; i++) {
		printf(" %" PRIu64 "%s", e[i].g->g.goid, of_runtime(s, e[i].g));
	}
	puts(n > LISTED ? " …" : "");
	print_stack(s, e->stack);
}

// Prints the groups of equal stacks, the largest group of each kind first. Returns the number of
// threads that were left out.
static size_t
print_groups(struct stacks *s, struct entry *e, size_t n)
{
	size_t idle = 0;

	qsort(e, n, sizeof *e, by_stack);
	for (size_t i = 0, k; i < n; i = k) {
		for (k = i + 1; k < n && same(&e[i], &e[k]); k++) {
		}
		if (e[i].kind == KIND_IDLE && !s->options.all) {
			idle += k - i;
		} else if (e[i].g != NULL) {
			print_goroutines(s, &e[i], k - i);
		} else {
			print_threads(s, &e[i], k - i);
		}
	}
	return idle;
}

static bool
is_unread(struct stacks *s, const struct thread *th)
{
	return thread_kind(s, th) == KIND_UNKNOWN && th->read != READ_EXITED &&
	       th->read != READ_NOT_YET;
}

static void
print_unread(struct stacks *s, size_t unread)
{
	const char *tracer = NULL;

	if (unread == 0) {
		return;
	}
	for (size_t i = 0; i < s->t.threads && tracer == NULL && !s->t.core; i++) {
		if (is_unread(s, &s->t.thread[i])) {
			tracer = process_tracer(&s->t, &s->t.thread[i]);
		}
	}
	printf("%zu thread%s could not be read%s%s\n", unread, unread == 1 ? "" : "s",
		tracer != NULL ? ", because they are traced by " : "",
		tracer != NULL ? clean_text(tracer) : "");
}

void
print_text(struct stacks *s)
{
	struct entry *e = xalloc((s->t.threads + s->goroutines + 1) * sizeof *e);
	size_t n = 0, idle, unread = 0;

	print_head(s);
	for (size_t i = 0; i < s->t.threads; i++) {
		const struct thread *th = &s->t.thread[i];
		enum thread_kind kind = thread_kind(s, th);

		unread += is_unread(s, th);
		if (kind != KIND_UNKNOWN) {
			e[n++] = (struct entry){th->stack, th, NULL, kind};
		}
	}
	for (size_t i = 0; i < s->goroutines && s->options.all; i++) {
		const struct goroutine *g = &s->goroutine[i];

		if (g->stack != NULL) {
			e[n++] = (struct entry){g->stack, NULL, g, KIND_IDLE};
		}
	}
	idle = print_groups(s, e, n);
	putchar('\n');
	if (idle > 0) {
		printf("%zu thread%s idle in Go (-all shows them)\n", idle, idle == 1 ? "" : "s");
	}
	print_unread(s, unread);
	if (!s->options.all) {
		print_parked(s);
	}
	free(e);
}
