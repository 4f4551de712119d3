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
// The longest wait. A thread that is ready to run may have to wait for a processor.
#define GATHER_STEPS_MOST 3000
// If no thread has stored frames for this many steps, and none is about to, all have.
#define GATHER_STEPS_QUIET 10
// How long a thread may take for which the signal is not due: one that blocks it, perhaps in a
// handler, or one that is on its way to the handler, where the kernel takes the signal from the
// pending ones before it blocks it.
#define GATHER_STEPS_NOT_DUE 100

// The number of callers that are waiting for frames.
// owner: rcgo__callers_gather; lock: none; ordering: release and acquire
static uint32_t gathering;

// The number of threads that have stored their frames.
// owner: the threads; lock: none; ordering: relaxed, only changes count
static uint32_t gathered;

// The state of a request for the frames of one thread.
enum one_phase {
	ONE_FREE,
	ONE_STARTING,  // the caller begins or ends the request
	ONE_WANTED,    // the thread has not seen it
	ONE_CLAIMED,   // the thread writes its frames
	ONE_DONE,      // the frames are the caller's
	ONE_ABANDONED, // the caller is gone; the thread ends the request
};
#define ONE_WORD(tid, phase) ((uint32_t)(tid) << 3 | (uint32_t)(phase))

// The thread whose frames rcgo__callers_of waits for, and where they go.
// owner: by word, the caller or the thread; lock: word; ordering: acquire and release
static struct {
	uint32_t word; // ONE_WORD
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

static bool
one_move(long tid, enum one_phase from, enum one_phase to)
{
	uint32_t word = ONE_WORD(tid, from);

	return rcgo_cas(&one_thread.word, &word, ONE_WORD(tid, to));
}

bool
rcgo__callers_asked(void)
{
	long tid = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);

	return rcgo_load_acq(&one_thread.word) == ONE_WORD(tid, ONE_WANTED);
}

void
rcgo__callers_stored(const uintptr_t *callers)
{
	long tid = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	size_t n = 0;

	__atomic_fetch_add(&gathered, 1, __ATOMIC_RELAXED);
	if (!one_move(tid, ONE_WANTED, ONE_CLAIMED)) {
		return;
	}
	for (; n < RCGO_CALLERS_MAX && callers[n] != 0; n++) {
		one_thread.pcs[n] = callers[n];
	}
	one_thread.count = n;
	if (!one_move(tid, ONE_CLAIMED, ONE_DONE)) { // abandoned
		rcgo_store_rel(&one_thread.word, ONE_FREE);
	}
}

struct gather {
	long pid, self;
	bool restarting, due;
	uint32_t signalled;
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
	}
}

// Looks for a thread that is about to handle the signal.
// Indirect: called for each thread.
static void
find_due(long tid, void *arg)
{
	struct gather *g = arg;

	g->due = g->due || (tid != g->self && rcgo__task_signal_progress(tid, RCGO_SIGPREEMPT) ==
						      RCGO_SIGNAL_DUE);
}

static void
gather_sleep(void)
{
	const struct rcgo_kernel_timespec step = {.tv_nsec = GATHER_STEP_NS};

	rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
}

void
rcgo__callers_gather(bool restarting)
{
	struct gather g = {.pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0),
		.self = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0),
		.restarting = restarting};
	uint32_t last = rcgo_load_rlx(&gathered);
	int quiet = 0;

	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	rcgo__tasks_each(signal_thread, &g);
	for (int i = 0; g.signalled != 0 && i < GATHER_STEPS_MOST && quiet < GATHER_STEPS_QUIET;
		i++) {
		uint32_t now;

		gather_sleep();
		now = rcgo_load_rlx(&gathered);
		g.due = false;
		if (now == last) {
			rcgo__tasks_each(find_due, &g);
		}
		quiet = now == last && !g.due ? quiet + 1 : 0;
		last = now;
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
}

// Waits until the thread has stored its frames, or the signal has not been due for a while.
static void
one_wait(long tid, int sig)
{
	for (int i = 0, rest = 0; i < GATHER_STEPS_MOST && rest < GATHER_STEPS_NOT_DUE; i++) {
		if (rcgo_load_acq(&one_thread.word) == ONE_WORD(tid, ONE_DONE)) {
			return;
		}
		rest += rcgo__task_signal_progress(tid, sig) != RCGO_SIGNAL_DUE;
		gather_sleep();
	}
}

size_t
rcgo__callers_of(long tid, int sig, uintptr_t *pcs, size_t max)
{
	long pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	uint32_t word = ONE_FREE;
	size_t n = 0;

	if (!rcgo_cas(&one_thread.word, &word, ONE_STARTING)) {
		return 0;
	}
	rcgo_store_rel(&one_thread.word, ONE_WORD(tid, ONE_WANTED));
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	if (rcgo__raw_syscall(SYS_tgkill, pid, tid, sig, 0, 0, 0) == 0) {
		one_wait(tid, sig);
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
	if (!one_move(tid, ONE_WANTED, ONE_STARTING) && one_move(tid, ONE_CLAIMED, ONE_ABANDONED)) {
		return 0;
	}
	if (rcgo_load_acq(&one_thread.word) == ONE_WORD(tid, ONE_DONE)) {
		for (; n < one_thread.count && n < max; n++) {
			pcs[n] = one_thread.pcs[n];
		}
	}
	rcgo_store_rel(&one_thread.word, ONE_FREE);
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
