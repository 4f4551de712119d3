// SPDX-License-Identifier: BSD-3-Clause
// Times calls into Go in a forked child. Calls begin and end on the C thread's own stack. The
// timer's signal is handled on the signal stack.
// Re-read runtime/os_linux.go (futexsleep), runtime/lock_futex.go and lock_spinbit.go (lock2).
// Contract: timer_create(2), futex(2), signal(7) on interrupted system calls.

#include "fork_timer.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "fork_detect.h"
#include "go_entry_points.h"
#include "go_text.h"
#include "kernel.h"
#include "m_table.h"
#include "raw_syscall.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "syscall_trial.h"
#include "thread_management.h"
#include "thread_record.h"

// From <linux/futex.h>, which musl's compiler driver does not find.
#define FUTEX_WAIT 0
#define FUTEX_CMD_MASK (~(128 | 256)) // without FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME

#define FIRST_LOOK 1U  // seconds
#define LAST_LOOK 256U // the longest time between two looks
#define WAIT_WITH_OTHERS ((uint64_t)10000 * RCGO_MS)
// Two looks at a wait that are further apart say nothing about the time between them, in which the
// process may have been stopped.
#define LOOK_PAUSE ((uint64_t)5000 * RCGO_MS)
#define NO_TIMER (-1)

#define NOTIFY_THREAD 4 // SIGEV_THREAD_ID

// The process whose calls are timed; 0: none. A child of a child has the number of its parent until
// it decides.
// owner: rcgo__fork_timer_decide; lock: none; ordering: release and acquire
static int32_t timed_pid;

// Its address tells the timers' signals from all others.
static const char timer_value;

static int32_t
timer_make(void)
{
	const struct rcgo_kernel_sigevent event = {.value = &timer_value,
		.signo = SIGURG,
		.notify = NOTIFY_THREAD,
		.tid = (int32_t)rcgo__kernel_thread_id()};
	int32_t timer = NO_TIMER;
	long err = rcgo__raw_syscall(
		SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&timer, 0, 0, 0);

	return err == 0 ? timer : NO_TIMER;
}

// Sets the timer of a thread to the given time from now; 0 stops it.
static void
timer_set(const struct rcgo_fork_call *c, uint32_t seconds)
{
	// The interval, then the time of the first signal.
	const struct rcgo_kernel_timespec at[2] = {[1] = {.tv_sec = (long)seconds}};

	if (c->timer != NO_TIMER) {
		rcgo__raw_syscall(SYS_timer_settime, c->timer, 0, (long)at, 0, 0, 0);
	}
}

// Returns the word on which Go waits for a lock, or NULL. When a signal interrupts such a wait, the
// kernel makes the thread repeat the system call after the handler, with the same registers.
static const uint32_t *
lock_word(const ucontext_t *uc)
{
	uintptr_t pc = RCGO_FRAME_PC(uc);
	const uint32_t *word = (const uint32_t *)RCGO_FRAME_SYSCALL_ARG(uc, 0);

	if (!rcgo__in_go_text(pc) ||
		memcmp((const void *)pc, RCGO_SYSCALL_CODE, RCGO_SYSCALL_BYTES) ||
		RCGO_FRAME_SYSCALL(uc) != SYS_futex ||
		(RCGO_FRAME_SYSCALL_ARG(uc, 1) & FUTEX_CMD_MASK) != FUTEX_WAIT ||
		RCGO_FRAME_SYSCALL_ARG(uc, 3) != 0 ||
		rcgo_load_acq(word) != (uint32_t)RCGO_FRAME_SYSCALL_ARG(uc, 2)) {
		return NULL;
	}
	return word;
}

// Ends the process if a wait that has been seen before is hopeless.
static void
look_at_wait(struct rcgo_fork_call *c, const uint32_t *word)
{
	uint64_t now = rcgo__clock_coarse_ns();
	bool same = c->word == (uintptr_t)word && now - c->last < LOOK_PAUSE;

	if (rcgo__process_has_one_thread()) {
		rcgo__fork_fatal(RCGO_FORK_WAITS);
	}
	if (same && now - c->since >= WAIT_WITH_OTHERS) {
		if (rcgo__clock_other_threads_ns() - c->others < (int64_t)WAIT_WITH_OTHERS / 100) {
			rcgo__fork_fatal(RCGO_FORK_WAITS);
		}
		same = false;
	}
	if (!same) {
		c->word = (uintptr_t)word;
		c->since = now;
		c->others = rcgo__clock_other_threads_ns();
	}
	c->last = now;
}

// Handles a signal that may be a timer's. Returns whether it is.
static bool
timer_fired(const siginfo_t *info, const void *context)
{
	struct rcgo_thread_record *r;
	struct rcgo_fork_call *c;
	const uint32_t *word;
	int saved = errno;

	if (info->si_code != SI_TIMER || info->si_value.sival_ptr != (const void *)&timer_value) {
		return false;
	}
	r = rcgo__thread_record();
	if (r == NULL || r->fork_call.pid != rcgo_load_acq(&timed_pid) || r->fork_call.depth == 0) {
		return true; // the call has ended meanwhile
	}
	c = &r->fork_call;
	word = lock_word(context);
	if (word != NULL) {
		look_at_wait(c, word);
		c->seconds = FIRST_LOOK;
	} else {
		// C code that Go has called may get EINTR.
		c->seconds = c->seconds < LAST_LOOK ? c->seconds * 4 : LAST_LOOK;
	}
	timer_set(c, c->seconds);
	errno = saved;
	return true;
}

void
rcgo__fork_timer_decide(void)
{
	// Up to Go 1.20 a foreign thread has an M during its calls only, and C is not told which.
	bool suspected = x_crosscall2_ptr == NULL || rcgo__m_table_may_hold_locks();
	bool on = suspected && rcgo__syscall_trial_timers() &&
		  rcgo__signal_chain_set_timer(timer_fired);

	rcgo_store_rel(&timed_pid, on ? (int32_t)getpid() : 0);
}

bool
rcgo__fork_timer_is_on(void)
{
	return rcgo_load_acq(&timed_pid) != 0;
}

void
rcgo__fork_timer_begin(void)
{
	struct rcgo_thread_record *r = rcgo__thread_attach();
	int32_t pid = rcgo_load_acq(&timed_pid);

	if (r == NULL) {
		return;
	}
	// The timers of a process are not copied to its child.
	if (r->fork_call.pid != pid) {
		r->fork_call = (struct rcgo_fork_call){.pid = pid, .timer = timer_make()};
	}
	r->fork_call.depth++;
	if (r->fork_call.depth == 1) {
		r->fork_call.word = 0;
		r->fork_call.seconds = FIRST_LOOK;
		timer_set(&r->fork_call, FIRST_LOOK);
	}
}

void
rcgo__fork_timer_end(void)
{
	struct rcgo_thread_record *r = rcgo__thread_record();

	if (r == NULL || r->fork_call.pid != rcgo_load_acq(&timed_pid) || r->fork_call.depth == 0) {
		return;
	}
	r->fork_call.depth--;
	if (r->fork_call.depth == 0) {
		timer_set(&r->fork_call, 0);
	}
}
