// SPDX-License-Identifier: BSD-3-Clause
// Calls into Go from a forked child. rcgo__fork_enter runs on the C thread's own stack, the watch
// on g0 while Go waits.
// Re-read runtime/lock_futex.go (notesleep, notetsleep_internal), runtime/proc.go (schedule,
// stoplockedm, stopTheWorldWithSema) and runtime/cgocall.go (cgocallbackg).

#include "fork_watch.h"

#include <errno.h>

#include "clock.h"
#include "fork_detect.h"
#include "fork_timer.h"
#include "go_entry_points.h"
#include "options.h"
#include "sanitizer.h"
#include "thread_record.h"

#define SECOND ((uint64_t)1000000000)
// A thread that did not poll for this long has not waited all the time. On an overloaded machine a
// poll may come a few hundred milliseconds late.
#define PAUSE SECOND
#define WAIT_ALONE SECOND
#define WAIT_IN_LOOP (10 * SECOND)
// Go polls every 100 us in its loop, and every 10 ms elsewhere.
#define POLLS_IN_LOOP (300 * (uint32_t)(WAIT_IN_LOOP / SECOND))

static void
wait_begin(struct rcgo_fork_wait *w, uint64_t now)
{
	*w = (struct rcgo_fork_wait){
		.since = now, .last = now, .others = rcgo__clock_other_threads_ns()};
}

// Go calls this function (_cgo_yield) while a thread of a forked child waits for another thread.
static void
watch(void)
{
	struct rcgo_thread_record *r = rcgo__thread_record();
	struct rcgo_fork_wait *w;
	uint64_t now;
	int saved = errno;

	if (r == NULL || r->kind != RCGO_THREAD_FOREIGN || !rcgo__forked()) {
		return;
	}
	w = &r->fork_wait;
	now = rcgo__clock_coarse_ns();
	if (now - w->last > PAUSE) {
		wait_begin(w, now);
	}
	w->last = now;
	w->polls++;
	if (!w->checked && now - w->since >= WAIT_ALONE) {
		w->checked = true;
		if (rcgo__process_has_one_thread()) {
			rcgo__fork_fatal(RCGO_FORK_WAITS);
		}
	}
	if (now - w->since >= WAIT_IN_LOOP) {
		if (rcgo__process_has_one_thread() ||
			(w->polls >= POLLS_IN_LOOP && rcgo__clock_other_threads_ns() - w->others <
							      (int64_t)WAIT_IN_LOOP / 100)) {
			rcgo__fork_fatal(RCGO_FORK_WAITS);
		}
		wait_begin(w, now);
	}
	errno = saved;
}

void
rcgo__fork_enter(void)
{
	uintptr_t not_warned = 0;
	int saved = errno;

	if (rcgo__option_is("fork", "end")) {
		rcgo__fork_fatal(RCGO_FORK_ENTERS);
	}
	if (rcgo__option_is("fork", "warn") &&
		rcgo_cas(&rcgo__wipe_on_fork_page()->warned, &not_warned, 1)) {
		rcgo__fork_warn();
	}
	// Under TSAN _cgo_yield has another purpose.
	if (rcgo__option_is("fork", "auto") && !RCGO_TSAN) {
		rcgo_store_rel(&_cgo_yield, watch);
		rcgo__fork_timer_decide();
	}
	errno = saved;
}
