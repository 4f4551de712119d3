// SPDX-License-Identifier: BSD-3-Clause
// Context Management: what becomes of a call into Go in a forked child. rcgo__fork_enter runs on
// the C thread's own stack, the watch on g0 while Go waits. Re-read runtime/lock_futex.go
// (notesleep, notetsleep_internal), runtime/proc.go (schedule, stoplockedm, stopTheWorldWithSema)
// and runtime/cgocall.go (cgocallbackg).

#include "fork_watch.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#include "fork_detect.h"
#include "go_entry_points.h"
#include "options.h"
#include "sanitizer.h"
#include "thread_record.h"

#define SECOND ((uint64_t)1000000000)
// A thread that was not in here for so long has not waited all the time.
#define PAUSE (SECOND / 10)
#define WAIT_ALONE SECOND
#define WAIT_IN_LOOP (10 * SECOND)
// Go asks every 100 us in its loop, and every 10 ms elsewhere.
#define LOOKS_IN_LOOP (300 * (uint32_t)(WAIT_IN_LOOP / SECOND))

static uint64_t
clock_now(clockid_t clock)
{
	struct timespec now = {0};

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

// What the threads of this process but the calling one have used of the processors.
static uint64_t
others_time(void)
{
	return clock_now(CLOCK_PROCESS_CPUTIME_ID) - clock_now(CLOCK_THREAD_CPUTIME_ID);
}

// Whether the process has one thread. Its list has an entry for each beside "." and "..".
static bool
is_alone(void)
{
	struct stat tasks;

	return stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == 3;
}

static void
wait_begin(struct rcgo_fork_wait *w, uint64_t now)
{
	*w = (struct rcgo_fork_wait){.since = now, .last = now, .others = others_time()};
}

// Go calls this while a thread of a forked child waits for another thread.
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
	now = clock_now(CLOCK_MONOTONIC_COARSE);
	if (now - w->last > PAUSE) {
		wait_begin(w, now);
	}
	w->last = now;
	w->looks++;
	if (!w->asked && now - w->since >= WAIT_ALONE) {
		w->asked = true;
		if (is_alone()) {
			rcgo__fork_fatal(RCGO_FORK_WAITS);
		}
	}
	if (now - w->since >= WAIT_IN_LOOP) {
		if (is_alone() || (w->looks >= LOOKS_IN_LOOP &&
					  others_time() - w->others < WAIT_IN_LOOP / 100)) {
			rcgo__fork_fatal(RCGO_FORK_WAITS);
		}
		wait_begin(w, now);
	}
	errno = saved;
}

void
rcgo__fork_enter(void)
{
	uintptr_t no = 0;
	int saved = errno;

	if (rcgo__option_is("fork", "end")) {
		rcgo__fork_fatal(RCGO_FORK_ENTERS);
	}
	if (rcgo__option_is("fork", "warn") &&
		rcgo_cas(&rcgo__wipe_on_fork_page()->warned, &no, 1)) {
		rcgo__fork_warn();
	}
	// Under TSAN it has other work.
	if (rcgo__option_is("fork", "auto") && !RCGO_TSAN) {
		rcgo_store_rel(&_cgo_yield, watch);
	}
	errno = saved;
}
