// SPDX-License-Identifier: BSD-3-Clause
// M binding: a foreign thread keeps its M by a pthread key, whose destructor returns the M to Go
// when the thread ends. Runs on g0; the destructor runs on the dying thread's own stack.
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27).

//go:build unix

//rcgo:small

#include <unistd.h>

#include "altstack.h"
#include "fork_detect.h"
#include "go_entry_points.h"
#include "kernel.h"
#include "m_table.h"
#include "stats_page.h"
#include "thread_management.h"
#include "thread_record.h"

// owner: rcgo__m_binding_init; lock: none, it runs before foreign threads can enter; ordering:
// the init barrier, which every foreign thread passes before Go reads it
uintptr_t x_cgo_pthread_key_created;

// owner: Go (set_crosscall2), as it starts; lock: none; ordering: the init barrier
void (*x_crosscall2_ptr)(void (*)(void *), void *, int, size_t);

// A foreign thread ends: tells Go to take its M back. Passes the M's extra g, because libc may
// have cleared Go's own thread-local word.
// Indirect: Go's crosscall2, on the dying thread's own stack.
static void
release_m(const struct rcgo_thread_record *r)
{
	if (r->g == NULL) {
		return;
	}
	rcgo_add_rlx(&rcgo__stats()->foreign_bound, (uint64_t)-1);
	rcgo__m_table_remove(r->m_place);
	// In a forked child a lost thread may hold the lock of Go's list of Ms. The thread that
	// forked keeps its M, a leak of one. Threads that were created later must return theirs.
	if (x_crosscall2_ptr != NULL && (!rcgo__forked() || r->bound_in_child)) {
		x_crosscall2_ptr(NULL, r->g, 0, 0);
	}
}

// Deletes the timer of a thread whose calls were timed, in the process that made it.
static void
delete_timer(const struct rcgo_fork_call *c)
{
	if (c->pid != 0 && c->timer >= 0 && c->pid == getpid()) {
		rcgo__kernel_timer_delete(c->timer);
	}
}

// The M is released before the thread's signal stack.
static void
thread_ended(struct rcgo_thread_record *r)
{
	delete_timer(&r->fork_call);
	release_m(r);
	rcgo__altstack_end(&r->altstack);
}

void
rcgo__m_binding_init(bool last_chance)
{
	// Called while Go starts, when keys are plentiful, and again when Go is up.
	if (rcgo__thread_records_init(thread_ended, last_chance)) {
		x_cgo_pthread_key_created = 1;
		if (x_crosscall2_ptr != NULL) {
			rcgo__thread_records_set_complete();
		}
	}
}

struct rcgo_thread_record *
rcgo__thread_attach(void)
{
	struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL) {
		r = rcgo__thread_record_make(RCGO_THREAD_FOREIGN);
		if (r != NULL) {
			rcgo__altstack_begin(&r->altstack);
		}
	}
	return r;
}

void
rcgo__m_bind(void *g)
{
	struct rcgo_thread_record *r = rcgo__thread_attach();

	// Without memory for a record the M is not returned when the thread ends. That is a leak,
	// but ending the process would be worse.
	if (r == NULL) {
		return;
	}
	r->g = g;
	r->g0 = g;
	r->m_place = rcgo__m_table_add(g);
	r->bound_in_child = rcgo__forked();
	rcgo_add_rlx(&rcgo__stats()->foreign_bound, 1);
	rcgo_add_rlx(&rcgo__stats()->foreign_seen, 1);
}
