// SPDX-License-Identifier: BSD-3-Clause
// System Calls: a system call on every thread, while threads start and end, fork, hold locks, and
// call other functions that stop threads.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
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
#include "unit.h"

static void *
churn(void *arg)
{
	pthread_t t;

	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		if (pthread_create(&t, NULL, (void *(*)(void *))(uintptr_t)all_idle, NULL) == 0) {
			pthread_cancel(t);
			pthread_join(t, NULL);
		}
	}
	return arg;
}

// Threads start and end all the time. Threads that start later inherit the value from threads that
// have it.
TEST(threads_come_and_go)
{
	double start, worst = 0, until;
	unsigned ops = 0, seen;

	all_start(churn, 4);
	for (until = all_now() + unit_slowness(); all_now() < until; ops++) {
		double took;

		start = all_now();
		CHECK_INT(all_set(2000 + ops), 0);
		took = all_now() - start;
		worst = took > worst ? took : worst;
		CHECK_INT(all_without(2000 + ops, &seen), 0);
	}
	fprintf(stdout, "# %u calls, worst %.1f ms\n", ops, worst * 1e3);
	CHECK(ops > 10);
	all_stop = 1;
}

static void *
end_soon(void *arg)
{
	const struct timespec pause = {0, (long)(unit_random() % 300000)};

	nanosleep(&pause, NULL);
	return arg;
}

static void *
call_once(void *arg)
{
	CHECK_INT(all_set((unsigned long)(uintptr_t)arg), 0);
	return NULL;
}

// The kernel's list of threads ends at a thread that is just ending; the caller is listed after it.
TEST(the_list_may_lack_the_caller)
{
	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that stops threads");
	}
	for (uintptr_t i = 0; i < 500; i++) {
		pthread_t old[20], caller;

		for (size_t k = 0; k < UNIT_COUNTOF(old); k++) {
			CHECK_INT(pthread_create(&old[k], NULL, end_soon, NULL), 0);
		}
		CHECK_INT(pthread_create(&caller, NULL, call_once, (void *)(2000 + i)), 0);
		CHECK_INT(pthread_join(caller, NULL), 0);
		for (size_t k = 0; k < UNIT_COUNTOF(old); k++) {
			CHECK_INT(pthread_join(old[k], NULL), 0);
		}
	}
}

static void *
chain(void *arg)
{
	pthread_t t;

	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	if (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		while (pthread_create(&t, NULL, chain, NULL) != 0) {
		}
		pthread_detach(t);
	}
	return arg;
}

TEST(threads_that_replace_themselves)
{
	unsigned ops = 0, seen;
	double until;

	all_start(chain, 4);
	for (until = all_now() + unit_slowness(); all_now() < until; ops++) {
		CHECK_INT(all_set(3000 + ops), 0);
		CHECK_INT(all_without(3000 + ops, &seen), 0);
	}
	CHECK(ops > 10);
	all_stop = 1;
}

static void *
rival(void *arg)
{
	uintptr_t args[6] = {PR_SET_KEEPCAPS, 0};

	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		CHECK_INT(rcgo_syscall_all_threads(SYS_prctl, args, NULL), 0);
	}
	return arg;
}

TEST(rivals_take_turns)
{
	unsigned ops = 0;
	double until;

	all_start(rival, 3);
	for (until = all_now() + unit_slowness(); all_now() < until; ops++) {
		CHECK_INT(all_set(4000 + ops), 0);
		all_check(4000 + ops, 4);
	}
	CHECK(ops > 10);
	all_stop = 1;
}

static void *
rival_of_libc(void *arg)
{
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		CHECK_INT(setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1), 0);
	}
	return arg;
}

// libc's own broadcast uses the same signal at the same time.
TEST(libc_is_a_rival)
{
	unsigned ops = 0;
	double until;

	all_start(rival_of_libc, 2);
	for (until = all_now() + unit_slowness(); all_now() < until; ops++) {
		CHECK_INT(all_set(5000 + ops), 0);
		all_check(5000 + ops, 3);
	}
	CHECK(ops > 10);
	all_stop = 1;
}

static void *
allocate(void *arg)
{
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		free(malloc(100));
		fflush(stderr);
	}
	return arg;
}

TEST(threads_that_hold_locks)
{
	all_start(allocate, 6);
	for (unsigned i = 0; i < 300; i++) {
		CHECK_INT(all_set(6000 + i), 0);
	}
	all_check(6299, 7);
	all_stop = 1;
}

static void *
fork_often(void *arg)
{
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&all_stop, __ATOMIC_ACQUIRE)) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			const uintptr_t args[6] = {PR_SET_TIMERSLACK, 99};

			// A thread that does not exist in the child may have held the lock.
			_exit(rcgo_syscall_all_threads(SYS_prctl, args, NULL) == 0 ? 0 : 1);
		}
		CHECK_INT(waitpid(pid, &status, 0), pid);
		CHECK_INT(status, 0);
	}
	return arg;
}

TEST(forks_meanwhile)
{
	standin_start();
	all_start(fork_often, 2);
	for (unsigned i = 0; i < 500; i++) {
		CHECK_INT(all_set(7000 + i), 0);
	}
	all_check(7499, 3);
	all_stop = 1;
}

// Signal 33 from other senders still reaches the handler that was installed before.
static unsigned passed;

static void
on_signal_33(int sig, siginfo_t *info, void *context)
{
	(void)context;
	passed += sig == 33 && info->si_code == SI_TKILL;
}

TEST(signals_that_are_not_ours_go_on)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} act = {on_signal_33, SA_SIGINFO, NULL, 0};
	struct sigaction some;

	all_start(all_idle, THREADS);
	// libc refuses this signal to programs. The kernel accepts it and requires a restorer.
	memset(&some, 0, sizeof some);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	CHECK_INT(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &some, 8), 0);
	act.flags |= ((unsigned long *)&some)[1] & 0x04000000;
	act.restorer = (void (*)(void))((uintptr_t *)&some)[2];
	CHECK_INT(syscall(SYS_rt_sigaction, 33, &act, NULL, 8), 0);
	CHECK_INT(all_set(38), 0);
	for (unsigned i = 1; i <= 10; i++) {
		CHECK_INT(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 33), 0);
		CHECK_INT(passed, i);
		CHECK_INT(all_set(38 + i), 0);
	}
	CHECK_INT(passed, 10);
}

UNIT_MAIN(UNIT_TEST(threads_come_and_go), UNIT_TEST(the_list_may_lack_the_caller),
	UNIT_TEST(threads_that_replace_themselves), UNIT_TEST(rivals_take_turns),
	UNIT_TEST(libc_is_a_rival), UNIT_TEST(threads_that_hold_locks), UNIT_TEST(forks_meanwhile),
	UNIT_TEST(signals_that_are_not_ours_go_on))
