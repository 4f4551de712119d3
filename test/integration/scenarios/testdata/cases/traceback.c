// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "traceback.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

#include "_cgo_export.h"

// C contexts: slot i, whose context is i + 1, is 1 while its call into Go lasts.
#define CONTEXTS 4096

static char live[CONTEXTS];
static struct tb_counts counts;

#define ADD(field) __atomic_fetch_add(&counts.field, 1, __ATOMIC_SEQ_CST)

struct tb_counts
tb_count(void)
{
	struct tb_counts c;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	c = counts;
	return c;
}

void
tb_traceback(void *arg)
{
	struct {
		uintptr_t context, sigcontext, *buf, max;
	} *a = arg;
	uintptr_t n = 0;

	ADD(tracebacks);
	if (a->sigcontext != 0) {
		ADD(interrupted);
	}
	// Go subtracts one from a return address, so these are not the first bytes.
	if (a->context == 0 && n < a->max) {
		a->buf[n++] = (uintptr_t)tb_busy_loop + 1;
	}
	if (n < a->max) {
		a->buf[n++] = (uintptr_t)tb_calls_go + 1;
	}
	if (n < a->max) {
		a->buf[n] = 0;
	}
}

void
tb_context(void *arg)
{
	struct {
		uintptr_t context;
	} *a = arg;

	if (a->context == 0) {
		ADD(begun);
		for (uintptr_t i = 0; i < CONTEXTS; i++) {
			char free = 0;

			if (__atomic_compare_exchange_n(
				    &live[i], &free, 1, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
				a->context = i + 1;
				return;
			}
		}
		return;
	}
	if (a->context <= CONTEXTS &&
		__atomic_exchange_n(&live[a->context - 1], 0, __ATOMIC_SEQ_CST) == 1) {
		ADD(released);
	} else {
		ADD(released_wrongly);
	}
}

void
tb_symbolizer(void *arg)
{
	struct {
		uintptr_t pc;
		const char *file;
		uintptr_t line;
		const char *func;
		uintptr_t entry, more, data;
	} *a = arg;

	if (a->pc == 0) {
		return;
	}
	ADD(symbols);
	if (a->pc - (uintptr_t)tb_busy_loop < 2) {
		a->func = "tb_busy_loop";
		a->line = 111;
	} else if (a->pc - (uintptr_t)tb_calls_go < 2) {
		a->func = "tb_calls_go";
		a->line = 222;
	} else {
		return;
	}
	a->file = "the_c_side.c";
}

void
tb_calls_go(int depth)
{
	caseTbFromC(depth);
}

void
tb_busy_loop(int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do {
		for (volatile int i = 0; i < 100000; i++) {
		}
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

void
tb_crash(void)
{
	*(volatile int *)16 = 1;
}

int
tb_signal_self(int sig, int n)
{
	int err = 0;

	for (int i = 0; i < n && err == 0; i++) {
		err = pthread_kill(pthread_self(), sig);
	}
	return err;
}
