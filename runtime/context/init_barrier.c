// SPDX-License-Identifier: BSD-3-Clause
// The init barrier. C threads that call Go before it is up wait here, on their own stacks. Go
// opens the barrier once, on g0.
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27).

//go:build unix

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "context_management.h"
#include "fork_timer.h"
#include "fork_watch.h"
#include "go_entry_points.h"
#include "options.h"
#include "runtime_cgo.h"
#include "stats_page.h"

// owner: the process; lock: itself; ordering: the mutex's
static pthread_mutex_t init_mutex = PTHREAD_MUTEX_INITIALIZER;
// owner: the process; lock: init_mutex; ordering: the mutex's
static pthread_cond_t init_done_cond = PTHREAD_COND_INITIALIZER;
// Whether Go is up. Unlike the init state, it survives a fork.
// owner: rcgo__init_barrier_open; lock: init_mutex; ordering: the mutex's; constant in a child
static bool go_is_up;

// The context function of the program.
// owner: runtime.SetCgoTraceback, once; lock: none; ordering: release and acquire
static rcgo_context_fn context_hook;

// What package leaf has registered.
// owner: rcgo_leaf_hooks_set; lock: none; ordering: release and acquire. leave is written first, so
// a call that finds enter also finds leave.
static struct {
	rcgo_leaf_fn enter;
	rcgo_leaf_fn leave;
} leaf_hooks;

// What is called when Go returns to C; NULL: nothing.
// owner: publish_init_state, rcgo_leaf_hooks_set; lock: none; ordering: as leaf_hooks
static rcgo_leaf_fn on_leave;

// Indirect: package leaf's function.
static void
leave_timed(void)
{
	rcgo_leaf_fn leave = rcgo_load_acq(&leaf_hooks.leave);

	rcgo__fork_timer_end();
	if (leave != NULL) {
		leave();
	}
}

// Computes and publishes the init state. The caller must hold init_mutex, or be a forked child.
static void
publish_init_state(void)
{
	rcgo_context_fn context = rcgo_load_acq(&context_hook);
	uintptr_t open = x_crosscall2_ptr != NULL ? RCGO_INIT_STATE_OPEN : RCGO_INIT_STATE_ENTER;
	uintptr_t word = context != NULL ? (uintptr_t)context : open;

	if (rcgo__stats_flag(RCGO_STATS_PAGE_CALLBACKS) ||
		rcgo_load_acq(&leaf_hooks.enter) != NULL) {
		word = RCGO_INIT_STATE_SLOW;
	}
	if (rcgo__fork_timer_is_on()) {
		rcgo_store_rel(&on_leave, leave_timed);
		word = RCGO_INIT_STATE_SLOW;
	}
	if (rcgo_load_acq(&go_is_up)) {
		rcgo_store_rel(&rcgo__wipe_on_fork_page()->init_state, word);
	}
}

static void
update_init_state(void)
{
	pthread_mutex_lock(&init_mutex);
	publish_init_state();
	pthread_mutex_unlock(&init_mutex);
}

// Opens the barrier in a forked child, where the kernel has wiped the init state. Ends the child if
// Go was not up at the fork, because it never will be. Takes no lock, because the mutex may have
// been copied while another thread held it.
static RCGO_COLD void
open_in_child(void)
{
	if (!rcgo_load_acq(&go_is_up)) {
		rcgo__fork_fatal(RCGO_FORK_ENTERS);
	}
	rcgo__fork_enter();
	publish_init_state();
}

uintptr_t
rcgo__init_barrier_wait(void)
{
	uintptr_t word;
	int saved = errno;

	if (rcgo__forked()) {
		open_in_child();
		return rcgo__init_barrier_state();
	}
	rcgo_add_rlx(&rcgo__stats()->waits, 1);
	pthread_mutex_lock(&init_mutex);
	while ((word = rcgo__init_barrier_state()) == 0) {
		pthread_cond_wait(&init_done_cond, &init_mutex);
	}
	pthread_mutex_unlock(&init_mutex);
	errno = saved;
	return word;
}

void
rcgo__init_barrier_open(void)
{
	pthread_mutex_lock(&init_mutex);
	rcgo_store_rel(&go_is_up, true);
	publish_init_state();
	pthread_cond_broadcast(&init_done_cond);
	pthread_mutex_unlock(&init_mutex);
}

void
rcgo__init_barrier_set_context(rcgo_context_fn context)
{
	rcgo_store_rel(&context_hook, context);
	update_init_state();
}

void
rcgo_leaf_hooks_set(rcgo_leaf_fn enter, rcgo_leaf_fn leave)
{
	rcgo_store_rel(&leaf_hooks.leave, leave);
	rcgo_store_rel(&on_leave, rcgo__fork_timer_is_on() ? leave_timed : leave);
	rcgo_store_rel(&leaf_hooks.enter, enter);
	update_init_state();
}

rcgo_leaf_fn
rcgo__init_barrier_leaf_enter(void)
{
	return rcgo_load_acq(&leaf_hooks.enter);
}

rcgo_leaf_fn
rcgo__init_barrier_leave(void)
{
	return rcgo_load_acq(&on_leave);
}

rcgo_context_fn
rcgo__init_barrier_context(void)
{
	return rcgo_load_acq(&context_hook);
}
