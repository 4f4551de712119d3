// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: collects C frames for Go's report of all goroutines, at SIGQUIT and for Go
// package stacks. Threads get Go's preemption signal. Go's handler enters x_cgo_callers on threads
// that run C code only, and it stores their frames where the report reads them (m.cgoCallers). Runs
// on any stack, also in handlers.

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "context_management.h"
#include "raw_syscall.h"
#include "task_state.h"
#include "traceback_generation.h"

#define GATHER_STEP_NS (1000 * 1000L)
#define GATHER_STEPS_MOST 200
// If no thread has stored frames for this many steps, all have. A thread that is ready to run may
// have to wait for a processor.
#define GATHER_STEPS_QUIET 10
#define GATHER_STEPS_RUNNING 100

// The number of callers that are waiting for frames.
// owner: rcgo__callers_gather; lock: none; ordering: release and acquire
static uint32_t gathering;

// The number of threads that have stored their frames.
// owner: the threads; lock: none; ordering: relaxed, only changes count
static uint32_t gathered;

// The thread whose frames rcgo__callers_of waits for, and where they go.
// owner: the thread that set busy; lock: busy, only tried; ordering: done is stored with release
static struct {
	uint32_t busy;
	uint32_t done;
	long tid; // 0: none
	size_t count;
	uintptr_t pcs[RCGO_CALLERS_MAX];
} one_thread;

bool
rcgo__callers_wanted(void)
{
	return rcgo_load_acq(&gathering) != 0;
}

void
rcgo__callers_want_always(void)
{
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
}

void
rcgo__callers_stored(const uintptr_t *callers)
{
	long tid = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	size_t n = 0;

	__atomic_fetch_add(&gathered, 1, __ATOMIC_RELAXED);
	if (rcgo_load_acq(&one_thread.tid) != tid) {
		return;
	}
	for (; n < RCGO_CALLERS_MAX && callers[n] != 0; n++) {
		one_thread.pcs[n] = callers[n];
	}
	one_thread.count = n;
	rcgo_store_rel(&one_thread.tid, 0);
	rcgo_store_rel(&one_thread.done, 1);
}

struct gather {
	long pid, self;
	bool restarting;
	uint32_t signalled, running;
};

// Indirect: called for each thread.
static void
signal_thread(long tid, void *arg)
{
	struct gather *g = arg;
	struct rcgo_task_state state;

	if (tid == g->self || !rcgo__task_state_read(tid, &state) ||
		(g->restarting && !rcgo__task_state_restarts(&state))) {
		return;
	}
	if (rcgo__raw_syscall(SYS_tgkill, g->pid, tid, RCGO_SIGPREEMPT, 0, 0, 0) == 0) {
		g->signalled++;
		g->running += state.running;
	}
}

static void
gather_sleep(void)
{
	const struct timespec step = {.tv_nsec = GATHER_STEP_NS};

	rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
}

void
rcgo__callers_gather(bool restarting)
{
	struct gather g = {.pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0),
		.self = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0),
		.restarting = restarting};
	uint32_t first = rcgo_load_rlx(&gathered), last = first;
	int quiet = 0, enough = GATHER_STEPS_QUIET;

	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	rcgo__tasks_each(signal_thread, &g);
	for (int i = 0; g.signalled != 0 && i < GATHER_STEPS_MOST && quiet < enough; i++) {
		uint32_t now;

		gather_sleep();
		now = rcgo_load_rlx(&gathered);
		quiet = now == last ? quiet + 1 : 0;
		enough = now - first < g.running ? GATHER_STEPS_RUNNING : GATHER_STEPS_QUIET;
		last = now;
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
}

size_t
rcgo__callers_of(long tid, uintptr_t *pcs, size_t max)
{
	long pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	size_t n = 0;

	if (__atomic_exchange_n(&one_thread.busy, 1, __ATOMIC_ACQUIRE) != 0) {
		return 0;
	}
	rcgo_store_rel(&one_thread.done, 0);
	rcgo_store_rel(&one_thread.tid, tid);
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	if (rcgo__raw_syscall(SYS_tgkill, pid, tid, RCGO_SIGPREEMPT, 0, 0, 0) == 0) {
		for (int i = 0; i < GATHER_STEPS_RUNNING && rcgo_load_acq(&one_thread.done) == 0;
			i++) {
			gather_sleep();
		}
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
	if (rcgo_load_acq(&one_thread.done) != 0) {
		for (; n < one_thread.count && n < max; n++) {
			pcs[n] = one_thread.pcs[n];
		}
		rcgo_store_rel(&one_thread.busy, 0);
	} else if (__atomic_exchange_n(&one_thread.tid, 0, __ATOMIC_ACQ_REL) == tid) {
		// Only if the thread did not take the request: it may be writing now.
		rcgo_store_rel(&one_thread.busy, 0);
	}
	return n;
}

void
rcgo__callers_on_signal(int sig, void (*handler)(int, siginfo_t *, void *))
{
	struct sigaction act = {
		.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};

	if (sig != 0) {
		sigfillset(&act.sa_mask);
		sigaction(sig, &act, NULL);
	}
}
