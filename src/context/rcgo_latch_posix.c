// SPDX-License-Identifier: BSD-3-Clause
// Context Management: the init latch. Threads of C that call Go before it is up wait here, on
// their own stacks; Go opens the latch once, on g0.
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27).

//go:build unix

#include "rcgo_context.h"
#include "rcgo_edge.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "rcgo_stats.h"

// owner: the process; lock: itself; ordering: the mutex's
static pthread_mutex_t latch_lock = PTHREAD_MUTEX_INITIALIZER;
// owner: the process; lock: latch_lock; ordering: the mutex's
static pthread_cond_t latch_opened = PTHREAD_COND_INITIALIZER;
// Whether Go is up. Unlike the gate it survives a fork.
// owner: rcgo__latch_open; lock: latch_lock; ordering: the mutex's
static bool go_is_up;

// Publishes what the gate has to say now. The caller holds latch_lock.
static void
gate_update(rcgo_context_fn context)
{
	uintptr_t open = x_crosscall2_ptr != NULL ? RCGO_GATE_OPEN : RCGO_GATE_ENTER;
	uintptr_t word = context != NULL ? (uintptr_t)context : open;

	if (rcgo__stats_flag(RCGO_SIGHT_CALLBACKS)) {
		word = RCGO_GATE_COUNTS;
	}
	if (go_is_up) {
		rcgo_store_rel(&rcgo__fork_page()->gate, word);
	}
}

uintptr_t
rcgo__latch_wait(void)
{
	uintptr_t word;
	int saved = errno;

	// Before the lock: in a forked child another thread's copy of it may stay locked for ever.
	if (rcgo__forked()) {
		rcgo__fork_fatal();
	}
	rcgo_add_rlx(&rcgo__stats()->waits, 1);
	pthread_mutex_lock(&latch_lock);
	while ((word = rcgo__latch_gate()) == 0) {
		pthread_cond_wait(&latch_opened, &latch_lock);
	}
	pthread_mutex_unlock(&latch_lock);
	errno = saved;
	return word;
}

void
rcgo__latch_open(void)
{
	pthread_mutex_lock(&latch_lock);
	go_is_up = true;
	gate_update(rcgo__hooks_context());
	pthread_cond_broadcast(&latch_opened);
	pthread_mutex_unlock(&latch_lock);
}

void
rcgo__latch_set_context(rcgo_context_fn context)
{
	pthread_mutex_lock(&latch_lock);
	gate_update(context);
	pthread_mutex_unlock(&latch_lock);
}
