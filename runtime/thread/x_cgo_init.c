// SPDX-License-Identifier: BSD-3-Clause
// ABI entry points: Go's first call, and Go's new threads. Stacks: see thread_management.h.
// Re-read runtime/cgo/gcc_linux_amd64.c (gcc_unix.c from 1.27) and runtime/asm_*.s (rt0_go).

//go:build unix

//rcgo:small

#include "altstack.h"
#include "fatal.h"
#include "fork_detect.h"
#include "go_entry_points.h"
#include "options.h"
#include "m_table.h"
#include "prespawn.h"
#include "sanitizer.h"
#include "signal_handling.h"
#include "stack_bounds.h"
#include "stats_page.h"
#include "thread_management.h"
#include "thread_record.h"

// owner: x_cgo_init; lock: none; ordering: pthread_create of every thread that reads it
static void (*go_setg)(void *);

static RCGO_COLD RCGO_NORETURN void
fatal_bounds(const G *g)
{
	char buf[128];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "bad stack bounds: lo=");
	rcgo__append_hex(&t, g->stacklo);
	rcgo__append_str(&t, " hi=");
	rcgo__append_hex(&t, g->stackhi);
	rcgo__fatal(buf);
}

static void
thread_run(const struct rcgo_thread_start *start)
{
	struct rcgo_thread_record record;
	uint64_t stack;

	rcgo__thread_record_begin(&record, start->ts.g, start->stack_size);
	record.m_place = rcgo__m_table_add(start->ts.g);
	stack = record.stack_hi - record.stack_lo;
	rcgo__altstack_begin(&record.altstack);
	rcgo__thread_name(rcgo__stats_thread_begins(stack));
	rcgo__signal_rescan_ratelimited(false);
	rcgo__crosscall1(start->ts.fn, go_setg, start->ts.g);
	rcgo__stats_thread_ends(stack);
	rcgo__altstack_end(&record.altstack);
	rcgo__m_table_remove(record.m_place);
	rcgo__thread_record_end();
}

static void *
thread_entry(void *arg)
{
	struct rcgo_thread_start start;

	rcgo_tsan_acquire();
	start = *(struct rcgo_thread_start *)arg;
	rcgo__thread_start_free(arg);
	rcgo_tsan_release();
	thread_run(&start);
	return NULL;
}

void
x_cgo_init(G *g, void (*setg)(void *), RCGO_UNUSED void **tlsg, RCGO_UNUSED void **tlsbase)
{
	struct rcgo_thread_record *record;
	uintptr_t bounds[2];

	go_setg = setg;
	rcgo__options_init_once();
	rcgo__stats_init();
	rcgo__fork_mark();
	rcgo__m_binding_init(false);
	rcgo__prespawn_init(thread_run);
	record = rcgo__thread_record_make(RCGO_THREAD_FIRST);
	rcgo__signal_init();
	if (record != NULL) {
		rcgo__altstack_begin(&record->altstack);
		record->g0 = g;
		record->m_place = rcgo__m_table_add(g);
		g->stacklo = record->stack_lo;
	} else {
		rcgo__stack_bounds(bounds);
		g->stacklo = bounds[0];
	}
	// Fail here, because the later "morestack on g0" is less clear.
	if (g->stacklo >= g->stackhi) {
		fatal_bounds(g);
	}
}

void
x_cgo_thread_start(ThreadStart *ts)
{
	struct rcgo_thread_attr attr_req;
	struct rcgo_thread_start *start;
	int err;

	if (rcgo__prespawn_take(ts)) {
		return;
	}
	rcgo_tsan_acquire();
	start = rcgo__thread_start_alloc();
	rcgo_tsan_release();
	rcgo__thread_attr_init(&attr_req, true);
	start->ts = *ts;
	do {
		start->stack_size = attr_req.stack_size;
		// With stacklo 0, mstart takes stackhi for a size and sets both from its own frame.
		start->ts.g->stackhi = attr_req.stack_size;
		err = rcgo__thread_create(&attr_req, thread_entry, start);
	} while (err != 0 && rcgo__thread_attr_shrink(&attr_req));
	rcgo__thread_attr_destroy(&attr_req);
	if (err != 0) {
		rcgo__thread_create_fatal(&attr_req, err);
	}
	rcgo__prespawn_missed();
}

void
x_cgo_sys_thread_create(void *(*f)(void *))
{
	struct rcgo_thread_attr attr_req;
	int err;

	rcgo__options_init_once();
	rcgo__fork_mark();
	rcgo__thread_attr_init(&attr_req, false);
	do {
		err = rcgo__thread_create(&attr_req, f, NULL);
	} while (err != 0 && rcgo__thread_attr_shrink(&attr_req));
	rcgo__thread_attr_destroy(&attr_req);
	if (err != 0) {
		rcgo__thread_create_fatal(&attr_req, err);
	}
}
