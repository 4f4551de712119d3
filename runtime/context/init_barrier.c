// SPDX-License-Identifier: BSD-3-Clause
// Context Management: the init latch. Threads of C that call Go before it is up wait here, on
// their own stacks; Go opens the latch once, on g0.
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27).

//go:build unix

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "context_management.h"
#include "fork_watch.h"
#include "go_entry_points.h"
#include "options.h"
#include "stats_page.h"

// owner: the process; lock: itself; ordering: the mutex's
static pthread_mutex_t latch_lock = PTHREAD_MUTEX_INITIALIZER;
// owner: the process; lock: latch_lock; ordering: the mutex's
static pthread_cond_t latch_opened = PTHREAD_COND_INITIALIZER;
// Whether Go is up. Unlike the gate it survives a fork.
// owner: rcgo__init_barrier_open; lock: latch_lock; ordering: the mutex's; in a forked child it is
// constant
static bool go_is_up;

// Publishes what the gate has to say now. The caller holds latch_lock, or is a forked child.
static void
gate_update(rcgo_context_fn context)
{
	uintptr_t open = x_crosscall2_ptr != NULL ? RCGO_INIT_STATE_OPEN : RCGO_INIT_STATE_ENTER;
	uintptr_t word = context != NULL ? (uintptr_t)context : open;

	if (rcgo__stats_flag(RCGO_STATS_PAGE_CALLBACKS)) {
		word = RCGO_INIT_STATE_COUNTS;
	}
	if (rcgo_load_acq(&go_is_up)) {
		rcgo_store_rel(&rcgo__wipe_on_fork_page()->init_state, word);
	}
}

// Opens the gate of a forked child, which was wiped. Returns false when Go was not up at the fork:
// it never will be, and the caller waits for ever if that is wanted. Takes no lock: another
// thread's may have been copied.
static RCGO_COLD bool
latch_opens_in_child(void)
{
	if (!rcgo_load_acq(&go_is_up)) {
		if (!rcgo__option_is("fork", "stock")) {
			rcgo__fork_fatal(RCGO_FORK_ENTERS);
		}
		return false;
	}
	rcgo__fork_enter();
	gate_update(rcgo__hooks_context());
	return true;
}

uintptr_t
rcgo__init_barrier_wait(void)
{
	uintptr_t word;
	int saved = errno;

	if (rcgo__forked() && latch_opens_in_child()) {
		return rcgo__init_barrier_state();
	}
	rcgo_add_rlx(&rcgo__stats()->waits, 1);
	pthread_mutex_lock(&latch_lock);
	while ((word = rcgo__init_barrier_state()) == 0) {
		pthread_cond_wait(&latch_opened, &latch_lock);
	}
	pthread_mutex_unlock(&latch_lock);
	errno = saved;
	return word;
}

void
rcgo__init_barrier_open(void)
{
	pthread_mutex_lock(&latch_lock);
	rcgo_store_rel(&go_is_up, true);
	gate_update(rcgo__hooks_context());
	pthread_cond_broadcast(&latch_opened);
	pthread_mutex_unlock(&latch_lock);
}

void
rcgo__init_barrier_set_context(rcgo_context_fn context)
{
	pthread_mutex_lock(&latch_lock);
	gate_update(context);
	pthread_mutex_unlock(&latch_lock);
}
