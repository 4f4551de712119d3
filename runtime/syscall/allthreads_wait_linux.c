// SPDX-License-Identifier: BSD-3-Clause
// Waiting in all-threads calls: the ticket lock, the clock, and words that threads count up. Runs
// on the caller's stack; rcgo__allthreads_await also runs in the handler.
// Contract: futex(2).

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "allthreads.h"
#include "fork_detect.h"
#include "raw_syscall.h"

// How long a caller yields before it waits on the futex.
#define YIELD_NS 200000U

// A ticket lock: callers are served in order, and a waiting thread can still be stopped.
// owner: the thread that draws a ticket; lock: itself; ordering: acquire and release
static struct {
	uint32_t next;
	uint32_t serving;
	int32_t pid; // the process it belongs to
} ticket_lock;

// Resets the lock in a forked child, where another thread of the parent may have held it.
static void
ticket_lock_after_fork(int32_t pid)
{
	int32_t lock_pid = rcgo_load_acq(&ticket_lock.pid);

	if (lock_pid == pid || (lock_pid != 0 && !rcgo__forked())) {
		return;
	}
	if (lock_pid != 0) {
		rcgo_store_rlx(&ticket_lock.next, 0);
		rcgo_store_rlx(&ticket_lock.serving, 0);
	}
	rcgo_store_rel(&ticket_lock.pid, pid);
}

void
rcgo__ticket_lock_acquire(void)
{
	uint32_t mine, now;

	ticket_lock_after_fork((int32_t)rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0));
	mine = rcgo_add_acq_rel(&ticket_lock.next, 1);
	while ((now = rcgo_load_acq(&ticket_lock.serving)) != mine) {
		rcgo__raw_syscall(
			SYS_futex, (long)&ticket_lock.serving, RCGO_FUTEX_WAIT, (long)now, 0, 0, 0);
	}
}

void
rcgo__ticket_lock_release(void)
{
	uint32_t now = rcgo_add_acq_rel(&ticket_lock.serving, 1) + 1;

	// A thread that draws a ticket after this check finds it served already.
	if (rcgo_load_acq(&ticket_lock.next) != now) {
		rcgo__allthreads_wake(&ticket_lock.serving, INT_MAX);
	}
}

uint64_t
rcgo__allthreads_now(void)
{
	struct rcgo_kernel_timespec ts = {0, 0};

	rcgo__raw_syscall(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&ts, 0, 0, 0, 0);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

void
rcgo__allthreads_yield(uint32_t *word, uint32_t want)
{
	uint64_t from = rcgo__allthreads_now();

	while (rcgo_load_acq(word) < want && rcgo__allthreads_now() - from < YIELD_NS) {
		rcgo__raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
}

void
rcgo__allthreads_await(uint32_t *word, uint32_t want, long timeout_ns)
{
	struct rcgo_kernel_timespec ts = {timeout_ns / 1000000000L, timeout_ns % 1000000000L};
	uint32_t now;

	while ((now = rcgo_load_acq(word)) < want) {
		long err = rcgo__raw_syscall(SYS_futex, (long)word, RCGO_FUTEX_WAIT, (long)now,
			timeout_ns != 0 ? (long)&ts : 0, 0, 0);

		if (err == -ETIMEDOUT) {
			return;
		}
	}
}
