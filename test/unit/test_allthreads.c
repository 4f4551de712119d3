// SPDX-License-Identifier: BSD-3-Clause
// System Calls: a system call on every thread takes effect on all threads or on none.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allthreads_tools.h"
#include "go_standin.h"
#include "allthreads.h"
#include "unit.h"

static struct unit_end end;

TEST(it_holds_for_all)
{
	all_start(all_idle, THREADS);
	for (unsigned long i = 1; i <= 200; i++) {
		CHECK_INT(all_set(1000 + i), 0);
		CHECK_STR(all_why.text, "");
		CHECK_INT(all_why.tid, 0);
	}
	all_check(1200, THREADS + 1);
}

TEST(a_single_thread)
{
	if (unit_emulated()) {
		unit_skip("the emulator has threads of its own, which do not stop");
	}
	CHECK_INT(all_set(77), 0);
	all_check(77, 1);
	CHECK_INT(all_call(SYS_getpid, 0, 0, 0), getpid());
}

TEST(an_error_is_nobodys)
{
	all_start(all_idle, THREADS);
	CHECK_INT(all_set(55), 0);
	CHECK_INT(all_call(SYS_prctl, ~0UL, 1, 0), -EINVAL);
	CHECK_STR(all_why.text, "");
	CHECK_INT(all_call(SYS_close, ~0UL, 0, 0), -EBADF);
	all_check(55, THREADS + 1);
}

static void
differ(void *arg)
{
	(void)arg;
	all_start(all_idle, THREADS);
	all_call(SYS_gettid, 0, 0, 0);
}

TEST(results_that_differ_end_the_process)
{
	unit_fork(&end, differ, NULL);
	if (unit_emulated()) {
		return;
	}
	CHECK(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL);
	CHECK_HAS(end.err, "runtime/cgo: all-threads system call ");
	CHECK_HAS(end.err, ": threads now differ in what they may do, and the process ends.\n");
}

static void *
block_the_signal(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;

	CHECK_INT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8), 0);
	prctl(PR_SET_NAME, "the blocker");
	return all_idle(arg);
}

TEST(a_thread_that_blocks_the_signal)
{
	double start;

	all_start(all_idle, THREADS);
	CHECK_INT(all_set(44), 0);
	all_start(block_the_signal, 1);
	start = all_now();
	CHECK_INT(all_set(45), -EBUSY);
	CHECK(all_now() - start < 3);
	CHECK(all_why.tid > 0 && all_why.tid != getpid());
	CHECK_HAS(all_why.text, "(the blocker) blocks signal 33");
	CHECK_HAS(all_why.text, "nothing was applied");
	all_check(44, THREADS + 2);
}

static unsigned queued = 99;

// Blocks the signal until the test is over, then handles the pending ones.
static void *
block_and_count(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;
	struct timespec at_once = {0, 0};
	unsigned n = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		usleep(1000);
	}
	while (syscall(SYS_rt_sigtimedwait, &set, NULL, &at_once, 8) == 33) {
		n++;
	}
	__atomic_store_n(&queued, n, __ATOMIC_RELEASE);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	return all_idle(arg);
}

TEST(calls_that_are_given_up_leave_one_signal)
{
	all_start(block_and_count, 1);
	for (int i = 0; i < 3; i++) {
		CHECK_INT(all_set(47), -EBUSY);
	}
	__atomic_store_n(&all_stop, 1, __ATOMIC_RELEASE);
	CHECK_INT(all_set(48), 0);
	CHECK(__atomic_load_n(&queued, __ATOMIC_ACQUIRE) <= 1);
	all_check(48, 2);
}

static void *
block_for_a_while(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;
	struct timespec ts = {.tv_nsec = 100000000};

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	nanosleep(&ts, NULL);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	return all_idle(arg);
}

TEST(a_thread_that_blocks_the_signal_for_a_while)
{
	all_start(all_idle, THREADS);
	all_start(block_for_a_while, 1);
	CHECK_INT(all_set(46), 0);
	all_check(46, THREADS + 2);
}

// Simulates a new thread on an overloaded machine: it has the signal blocked, has little to do, and
// seldom gets a processor.
static void *
starve(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;
	struct timespec now, start;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	sched_setaffinity(0, sizeof one, &one);
	__atomic_store_n((cpu_set_t **)arg, &one, __ATOMIC_RELEASE);
	while (__atomic_load_n((cpu_set_t **)arg, __ATOMIC_ACQUIRE) != NULL) {
		usleep(1000);
	}
	CHECK_INT(setpriority(PRIO_PROCESS, 0, 19), 0);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	do {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 8000000);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	return all_idle(NULL);
}

// Keeps a thread's processor busy from another process.
static pid_t
occupy(const cpu_set_t *cpu)
{
	pid_t pid = fork();

	if (pid == 0) {
		sched_setaffinity(0, sizeof *cpu, cpu);
		alarm(60);
		for (;;) {
		}
	}
	return pid;
}

TEST(a_thread_that_gets_no_processor)
{
	static cpu_set_t *cpu;
	pid_t busy[3];
	pthread_t t;
	double start;

	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that stops threads");
	}
	CHECK_INT(pthread_create(&t, NULL, starve, &cpu), 0);
	while (__atomic_load_n(&cpu, __ATOMIC_ACQUIRE) == NULL) {
		usleep(1000);
	}
	for (int i = 0; i < 3; i++) {
		busy[i] = occupy(cpu);
	}
	__atomic_store_n(&cpu, NULL, __ATOMIC_RELEASE);
	unit_await(&all_up, 1);
	start = all_now();
	CHECK_INT(all_set(43), 0);
	printf("# %.1f s\n", all_now() - start);
	all_check(43, 2);
	for (int i = 0; i < 3; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
}

// RLIMIT_SIGPENDING limits signals that carry a value. Other signals still stop threads, and a
// signal that arrives too late is ignored.
TEST(no_room_for_signals)
{
	struct rlimit none = {0, 0};

	all_start(all_idle, THREADS);
	CHECK_INT(all_set(43), 0);
	CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	CHECK_INT(all_set(42), 0);
	all_check(42, THREADS + 1);
	all_start(block_and_count, 1);
	CHECK_INT(all_set(41), -EBUSY);
	all_check(42, THREADS + 2);
}

static void *
after_main(void *arg)
{
	struct timespec ms = {.tv_nsec = 50000000};
	double start;

	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	nanosleep(&ms, NULL);
	start = all_now();
	CHECK_INT(all_set(40), 0);
	CHECK(all_now() - start < unit_slowness());
	all_check(40, THREADS + 1);
	_exit(0);
	return arg;
}

TEST(the_main_thread_has_ended)
{
	if (UNIT_TSAN) {
		unit_skip("TSAN wants a main thread");
	}
	all_start(all_idle, THREADS);
	all_start(after_main, 1);
	syscall(SYS_exit, 0);
}

static void *
vfork_and_sleep(void *arg)
{
	static struct timespec ts = {.tv_nsec = 300000000};

	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	if (vfork() == 0) {
		syscall(SYS_nanosleep, &ts, NULL);
		_exit(0);
	}
	return all_idle(arg);
}

TEST(a_thread_in_vfork)
{
	all_start(all_idle, THREADS);
	all_start(vfork_and_sleep, 1);
	CHECK_INT(all_set(39), 0);
	all_check(39, THREADS + 2);
}

TEST(a_thread_that_does_not_answer_in_words)
{
	struct rcgo_allthreads_failure f = {
		RCGO_ALLTHREADS_NO_ANSWER, EBUSY, (uint32_t)getpid(), 'D'};
	char want[64];

	prctl(PR_SET_NAME, "the sleeper");
	snprintf(want, sizeof want, "thread %d (the sleeper) did not stop", getpid());
	rcgo__allthreads_explain(&f, &all_why);
	CHECK_HAS(all_why.text, want);
	CHECK_HAS(all_why.text, "(state D in /proc); nothing was applied");
	f.cause = RCGO_ALLTHREADS_NO_CPU;
	rcgo__allthreads_explain(&f, &all_why);
	CHECK_HAS(
		all_why.text, "did not stop: it is runnable, but other work has the processors; ");
}

#define NO_NAMESPACES 77

// In a PID namespace, /proc shows other thread ids than gettid. A process that creates a namespace
// is not in it; only its children are. Leak checkers do not work after that.
static void
call_in_namespace(void *arg)
{
	int status = 0;
	pid_t pid;

	(void)arg;
	if (unshare(CLONE_NEWPID) != 0) {
		_exit(NO_NAMESPACES);
	}
	pid = fork();
	if (pid == 0) {
		all_start(all_idle, THREADS);
		CHECK_INT(all_set(5), -ENOENT);
		CHECK_HAS(all_why.text, "/proc");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

TEST(a_proc_of_another_namespace)
{
	unit_fork(&end, call_in_namespace, NULL);
	if (unit_emulated() || end.status == NO_NAMESPACES << 8) {
		unit_skip("no PID namespaces here");
	}
	CHECK_STR(end.err, "");
	CHECK_INT(end.status, 0);
}

UNIT_MAIN(UNIT_TEST(it_holds_for_all), UNIT_TEST(a_single_thread), UNIT_TEST(an_error_is_nobodys),
	UNIT_TEST(results_that_differ_end_the_process), UNIT_TEST(a_thread_that_blocks_the_signal),
	UNIT_TEST(calls_that_are_given_up_leave_one_signal),
	UNIT_TEST(a_thread_that_blocks_the_signal_for_a_while),
	UNIT_TEST(a_thread_that_gets_no_processor), UNIT_TEST(no_room_for_signals),
	UNIT_TEST(the_main_thread_has_ended), UNIT_TEST(a_thread_in_vfork),
	UNIT_TEST(a_thread_that_does_not_answer_in_words), UNIT_TEST(a_proc_of_another_namespace))
