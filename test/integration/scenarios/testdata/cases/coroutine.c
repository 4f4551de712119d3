// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "coroutine.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "_cgo_export.h"

extern void rcgo_stack_switched(uintptr_t lo, uintptr_t hi) __attribute__((weak));

#define STACK ((size_t)256 << 10)

struct coroutine {
	ucontext_t own, caller;
	int calls, told, result;
	char *stack;
	enum coroutine_where where;
};

static void
tell(const struct coroutine *c, int inside)
{
	if (c->told && rcgo_stack_switched != NULL) {
		rcgo_stack_switched(
			inside ? (uintptr_t)c->stack : 0, inside ? (uintptr_t)c->stack + STACK : 0);
	}
}

static void
body(unsigned high, unsigned low)
{
	struct coroutine *c = (struct coroutine *)(uintptr_t)((uint64_t)high << 32 | low);

	for (int i = 0; i < c->calls; i++) {
		coroutineCalled(i);
		swapcontext(&c->own, &c->caller);
	}
}

static void *
run(void *arg)
{
	struct coroutine *c = arg;

	// The pages above and below it are unmapped.
	c->stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c->stack == MAP_FAILED || getcontext(&c->own) != 0) {
		c->result = errno;
		return NULL;
	}
	c->own.uc_stack.ss_sp = c->stack;
	c->own.uc_stack.ss_size = STACK;
	c->own.uc_link = &c->caller;
	makecontext(&c->own, (void (*)(void))body, 2, (unsigned)((uint64_t)(uintptr_t)c >> 32),
		(unsigned)(uintptr_t)c);
	for (int i = 0; i <= c->calls; i++) {
		if (c->where == COROUTINE_ON_THREAD) {
			coroutineCalled(-1);
		}
		tell(c, 1);
		swapcontext(&c->caller, &c->own);
		tell(c, 0);
	}
	if (c->where == COROUTINE_AT_ONCE) {
		coroutineCalled(-1);
	}
	munmap(c->stack, STACK);
	return NULL;
}

int
coroutine_run(enum coroutine_where where, int calls, int told)
{
	struct coroutine *c = calloc(1, sizeof *c);
	pthread_t t;
	int err;

	if (c == NULL) {
		return ENOMEM;
	}
	c->where = where;
	c->calls = calls;
	c->told = told;
	if (where == COROUTINE_HERE) {
		run(c);
		err = 0;
	} else {
		err = pthread_create(&t, NULL, run, c);
		if (err == 0) {
			pthread_join(t, NULL);
		}
	}
	err = err == 0 ? c->result : err;
	free(c);
	return err;
}
