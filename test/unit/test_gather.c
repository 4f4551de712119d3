// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: asks other threads for their C frames by Go's preemption signal.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "context_management.h"
#include "go_standin.h"
#include "task_state.h"
#include "traceback_generation.h"
#include "unit.h"

// The thread that is asked.
static long tid;
static uint32_t blocks, in_handler, unblock, ends;
static long stall_ms;
static uintptr_t callers[RCGO_CALLERS_MAX + 1];

static long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
two_frames(struct cgoTracebackArg *arg)
{
	long end = now_ms() + stall_ms;

	rcgo_store_rel(&in_handler, 1);
	while (now_ms() < end) {
	}
	arg->Buf[0] = 0x1234;
	arg->Buf[1] = 0x5678;
	arg->Buf[2] = 0;
}

static void
no_sigtramp(uintptr_t sig, void *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

static void
on_preempt(int sig, siginfo_t *info, void *context)
{
	x_cgo_callers((uintptr_t)sig, info, context, two_frames, callers, no_sigtramp);
}

static void *
run(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	pthread_sigmask(rcgo_load_acq(&blocks) != 0 ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
	__atomic_store_n(&tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	while (rcgo_load_acq(&ends) == 0) {
		if (rcgo_load_acq(&unblock) != 0) {
			pthread_sigmask(SIG_UNBLOCK, &set, NULL);
		}
	}
	return arg;
}

static pthread_t
start(void)
{
	struct sigaction act = {.sa_sigaction = on_preempt, .sa_flags = SA_SIGINFO | SA_RESTART};
	pthread_t thread;

	if (unit_emulated()) {
		unit_skip("the emulator's threads have other signal masks in /proc");
	}
	sigfillset(&act.sa_mask);
	CHECK_INT(sigaction(SIGURG, &act, NULL), 0);
	CHECK_INT(pthread_create(&thread, NULL, run, NULL), 0);
	while (__atomic_load_n(&tid, __ATOMIC_ACQUIRE) == 0) {
	}
	return thread;
}

static void
end(pthread_t thread)
{
	rcgo_store_rel(&ends, 1);
	CHECK_INT(pthread_join(thread, NULL), 0);
}

TEST(thread_that_runs)
{
	uintptr_t pcs[4] = {0};
	pthread_t thread = start();

	for (int i = 0; i < 100; i++) {
		CHECK_INT(rcgo__callers_of(tid, SIGURG, pcs, UNIT_COUNTOF(pcs)), 2);
		CHECK_INT(pcs[0], 0x1234);
		CHECK_INT(pcs[1], 0x5678);
	}
	end(thread);
}

// On a busy machine a thread may be without a processor for as long as this.
TEST(thread_that_is_slow)
{
	uintptr_t pcs[4] = {0};
	pthread_t thread = start();

	stall_ms = 400;
	CHECK_INT(rcgo__callers_of(tid, SIGURG, pcs, UNIT_COUNTOF(pcs)), 2);
	end(thread);
}

TEST(thread_that_blocks_the_signal)
{
	uintptr_t pcs[4] = {0};
	pthread_t thread;

	blocks = 1;
	thread = start();
	while (rcgo__task_signal_progress(tid, SIGURG) != RCGO_SIGNAL_DUE) {
	}
	CHECK_INT(rcgo__callers_of(tid, SIGURG, pcs, UNIT_COUNTOF(pcs)), 0);
	CHECK_INT(rcgo__task_signal_progress(tid, SIGURG), RCGO_SIGNAL_BLOCKED);
	rcgo_store_rel(&unblock, 1);
	while (rcgo__task_signal_progress(tid, SIGURG) != RCGO_SIGNAL_HANDLED) {
	}
	CHECK_INT(rcgo_load_acq(&in_handler), 0); // nobody wants frames any more
	CHECK_INT(rcgo__callers_of(tid, SIGURG, pcs, UNIT_COUNTOF(pcs)), 2);
	end(thread);
	CHECK_INT(rcgo__callers_of(tid, SIGURG, pcs, UNIT_COUNTOF(pcs)), 0);
	CHECK_INT(rcgo__task_signal_progress(tid, SIGURG), RCGO_SIGNAL_HANDLED);
}

UNIT_MAIN(UNIT_TEST(thread_that_runs), UNIT_TEST(thread_that_is_slow),
	UNIT_TEST(thread_that_blocks_the_signal))
