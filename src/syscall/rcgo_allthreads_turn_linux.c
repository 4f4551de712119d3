// SPDX-License-Identifier: BSD-3-Clause
// System Calls: all-threads calls: who takes a turn, and how threads wait. Runs on the caller's
// stack; rcgo__all_await in the handler too.
// Contract: futex(2).

#include "rcgo_allthreads.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "rcgo_fork.h"
#include "rcgo_raw.h"

// How long a caller yields, before it sleeps.
#define YIELD_NS 200000U

// A ticket lock, so that callers take turns; who waits can be stopped.
// owner: whoever draws; lock: itself; ordering: acquire and release
static struct {
	uint32_t next;
	uint32_t serving;
	int32_t pid; // the process it belongs to
} turn;

// A forked child has one thread, and a lock that another thread may have held.
static void
turn_after_fork(int32_t pid)
{
	int32_t turn_pid = rcgo_load_acq(&turn.pid);

	if (turn_pid == pid || (turn_pid != 0 && !rcgo__forked())) {
		return;
	}
	if (turn_pid != 0) {
		rcgo_store_rlx(&turn.next, 0);
		rcgo_store_rlx(&turn.serving, 0);
	}
	rcgo_store_rel(&turn.pid, pid);
}

void
rcgo__all_turn_take(void)
{
	uint32_t mine, now;

	turn_after_fork((int32_t)rcgo__raw(SYS_getpid, 0, 0, 0, 0, 0, 0));
	mine = rcgo_add_acq_rel(&turn.next, 1);
	while ((now = rcgo_load_acq(&turn.serving)) != mine) {
		rcgo__raw(SYS_futex, (long)&turn.serving, RCGO_FUTEX_WAIT, (long)now, 0, 0, 0);
	}
}

void
rcgo__all_turn_give(void)
{
	uint32_t now = rcgo_add_acq_rel(&turn.serving, 1) + 1;

	// Who draws a number after this look finds it served.
	if (rcgo_load_acq(&turn.next) != now) {
		rcgo__all_wake(&turn.serving, INT_MAX);
	}
}

uint64_t
rcgo__all_now(void)
{
	struct timespec ts = {0, 0};

	rcgo__raw(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0, 0, 0, 0);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

void
rcgo__all_yield(uint32_t *word, uint32_t want)
{
	uint64_t from = rcgo__all_now();

	while (rcgo_load_acq(word) < want && rcgo__all_now() - from < YIELD_NS) {
		rcgo__raw(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
}

void
rcgo__all_await(uint32_t *word, uint32_t want, long timeout_ns)
{
	struct timespec ts = {timeout_ns / 1000000000L, timeout_ns % 1000000000L};
	uint32_t now;

	while ((now = rcgo_load_acq(word)) < want) {
		long err = rcgo__raw(SYS_futex, (long)word, RCGO_FUTEX_WAIT, (long)now,
			timeout_ns != 0 ? (long)&ts : 0, 0, 0);

		if (err == -ETIMEDOUT) {
			return;
		}
	}
}
