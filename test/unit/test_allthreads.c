// SPDX-License-Identifier: BSD-3-Clause
// System Calls: one call on every thread: that it holds for all, and the hard cases.

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

#include "go_standin.h"
#include "rcgo_abi.h"
#include "unit.h"

#define THREADS 8

static struct unit_end end;
static unsigned up;
static unsigned stop;
static struct rcgo_all_threads_why why;

static long
all(long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
	const uintptr_t args[6] = {a, b, c};

	memset(&why, 0xa5, sizeof why);
	return rcgo_syscall_all_threads(number, args, &why);
}

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void *
idle(void *arg)
{
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	for (;;) {
		pause();
	}
	return arg;
}

static void
start_threads(void *(*f)(void *), int n)
{
	pthread_attr_t attr;
	pthread_t t;

	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that stops threads");
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 18);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < n; i++) {
		CHECK_INT(pthread_create(&t, &attr, f, NULL), 0);
	}
	pthread_attr_destroy(&attr);
	unit_await(&up, (unsigned)n);
}

// PR_SET_TIMERSLACK sets a number of each thread that anybody may set and read in /proc.
static long
set_all(unsigned long value)
{
	return all(SYS_prctl, PR_SET_TIMERSLACK, value, 0);
}

static bool
has_ended(const char *tid)
{
	char path[300], text[512] = "";
	const char *state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%s/stat", tid);
	f = fopen(path, "re");
	if (f == NULL) {
		return true;
	}
	(void)!fgets(text, sizeof text, f);
	fclose(f);
	state = strrchr(text, ')');
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

// How many threads have another value; dead ones and the kernel's own do not count.
static unsigned
threads_without(unsigned long value, unsigned *seen)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	unsigned wrong = 0;

	CHECK(tasks != NULL);
	*seen = 0;
	while ((e = readdir(tasks)) != NULL) {
		char path[300], text[512];
		unsigned long got = 0;
		FILE *f;

		if (e->d_name[0] == '.' || has_ended(e->d_name)) {
			continue;
		}
		snprintf(path, sizeof path, "/proc/%s/timerslack_ns", e->d_name);
		if ((f = fopen(path, "re")) == NULL) {
			continue;
		}
		if (fgets(text, sizeof text, f) != NULL && sscanf(text, "%lu", &got) == 1) {
			++*seen;
			wrong += got != value;
		}
		fclose(f);
	}
	closedir(tasks);
	return wrong;
}

static void
check_all(unsigned long value, unsigned threads)
{
	unsigned seen;
	unsigned wrong = threads_without(value, &seen);

	if (wrong != 0 || seen < threads) {
		unit_fail(__FILE__, __LINE__, "%u of %u threads lack it, want %u", wrong, seen,
			threads);
	}
}

TEST(it_holds_for_all)
{
	start_threads(idle, THREADS);
	for (unsigned long i = 1; i <= 200; i++) {
		CHECK_INT(set_all(1000 + i), 0);
		CHECK_STR(why.text, "");
		CHECK_INT(why.tid, 0);
	}
	check_all(1200, THREADS + 1);
}

TEST(a_single_thread)
{
	CHECK_INT(set_all(77), 0);
	check_all(77, 1);
	CHECK_INT(all(SYS_getpid, 0, 0, 0), getpid());
}

TEST(an_error_is_nobodys)
{
	start_threads(idle, THREADS);
	CHECK_INT(set_all(55), 0);
	CHECK_INT(all(SYS_prctl, ~0UL, 1, 0), -EINVAL);
	CHECK_STR(why.text, "");
	CHECK_INT(all(SYS_close, ~0UL, 0, 0), -EBADF);
	check_all(55, THREADS + 1);
}

static void
differ(void *arg)
{
	(void)arg;
	start_threads(idle, THREADS);
	all(SYS_gettid, 0, 0, 0);
}

TEST(results_that_differ_end_the_process)
{
	unit_fork(&end, differ, NULL);
	if (unit_emulated()) {
		return;
	}
	CHECK(WIFSIGNALED(end.status) && WTERMSIG(end.status) == SIGKILL);
	CHECK_HAS(end.err, "runtime/cgo: all-threads system call 1");
	CHECK_HAS(end.err, ": threads now differ in what they may do, and the process ends.\n");
}

static void *
block_the_signal(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;

	CHECK_INT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8), 0);
	prctl(PR_SET_NAME, "the blocker");
	return idle(arg);
}

TEST(a_thread_that_blocks_the_signal)
{
	double start;

	start_threads(idle, THREADS);
	CHECK_INT(set_all(44), 0);
	up = 0;
	start_threads(block_the_signal, 1);
	start = now();
	CHECK_INT(set_all(45), -EBUSY);
	CHECK(now() - start < 3);
	CHECK(why.tid > 0 && why.tid != getpid());
	CHECK_HAS(why.text, "(the blocker) blocks signal 33");
	CHECK_HAS(why.text, "nothing was applied");
	check_all(44, THREADS + 2);
}

static void *
block_for_a_while(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;
	struct timespec ts = {.tv_nsec = 100000000};

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	nanosleep(&ts, NULL);
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &set, NULL, 8);
	return idle(arg);
}

TEST(a_thread_that_blocks_the_signal_for_a_while)
{
	start_threads(idle, THREADS);
	start_threads(block_for_a_while, 1);
	CHECK_INT(set_all(46), 0);
	check_all(46, THREADS + 2);
}

TEST(no_room_for_signals)
{
	struct rlimit none = {0, 0};

	start_threads(idle, THREADS);
	CHECK_INT(set_all(43), 0);
	CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	CHECK_INT(set_all(42), -EAGAIN);
	CHECK_HAS(why.text, "the limit of pending signals (ulimit -i) is reached");
	check_all(43, THREADS + 1);
}

// A limit below the number of threads: signals are taken one after the other.
TEST(little_room_for_signals)
{
	struct rlimit limit;

	start_threads(idle, THREADS);
	CHECK_INT(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
	limit.rlim_cur = 0;
	CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &limit), 0);
	CHECK_INT(set_all(41), 0);
	check_all(41, THREADS + 1);
	CHECK_INT(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
	CHECK_INT(limit.rlim_cur, 0);
}

static void *
after_main(void *arg)
{
	struct timespec ms = {.tv_nsec = 50000000};
	double start;

	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	nanosleep(&ms, NULL);
	start = now();
	CHECK_INT(set_all(40), 0);
	CHECK(now() - start < 1);
	check_all(40, THREADS + 1);
	_exit(0);
	return arg;
}

TEST(the_main_thread_has_ended)
{
	if (UNIT_TSAN) {
		unit_skip("TSAN wants a main thread");
	}
	start_threads(idle, THREADS);
	start_threads(after_main, 1);
	syscall(SYS_exit, 0);
}

static void *
vfork_and_sleep(void *arg)
{
	static struct timespec ts = {.tv_nsec = 300000000};

	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	if (vfork() == 0) {
		syscall(SYS_nanosleep, &ts, NULL);
		_exit(0);
	}
	return idle(arg);
}

TEST(a_thread_in_vfork)
{
	start_threads(idle, THREADS);
	start_threads(vfork_and_sleep, 1);
	CHECK_INT(set_all(39), 0);
	check_all(39, THREADS + 2);
}

static void *
churn(void *arg)
{
	pthread_t t;

	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (pthread_create(&t, NULL, (void *(*)(void *))(uintptr_t)idle, NULL) == 0) {
			pthread_cancel(t);
			pthread_join(t, NULL);
		}
	}
	return arg;
}

// Threads are born and die all the time; those born later inherit from those that were set.
TEST(threads_come_and_go)
{
	double start, worst = 0, until;
	unsigned ops = 0, seen;

	start_threads(churn, 4);
	for (until = now() + 1; now() < until; ops++) {
		double took;

		start = now();
		CHECK_INT(set_all(2000 + ops), 0);
		took = now() - start;
		worst = took > worst ? took : worst;
		CHECK_INT(threads_without(2000 + ops, &seen), 0);
	}
	fprintf(stdout, "# %u calls, worst %.1f ms\n", ops, worst * 1e3);
	CHECK(ops > 10);
	stop = 1;
}

static void *
chain(void *arg)
{
	pthread_t t;

	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	if (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
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

	start_threads(chain, 4);
	for (until = now() + 1; now() < until; ops++) {
		CHECK_INT(set_all(3000 + ops), 0);
		CHECK_INT(threads_without(3000 + ops, &seen), 0);
	}
	CHECK(ops > 10);
	stop = 1;
}

static void *
rival(void *arg)
{
	uintptr_t args[6] = {PR_SET_KEEPCAPS, 0};

	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		CHECK_INT(rcgo_syscall_all_threads(SYS_prctl, args, NULL), 0);
	}
	return arg;
}

TEST(rivals_take_turns)
{
	unsigned ops = 0;
	double until;

	start_threads(rival, 3);
	for (until = now() + 1; now() < until; ops++) {
		CHECK_INT(set_all(4000 + ops), 0);
		check_all(4000 + ops, 4);
	}
	CHECK(ops > 10);
	stop = 1;
}

static void *
rival_of_libc(void *arg)
{
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		CHECK_INT(setresuid((uid_t)-1, (uid_t)-1, (uid_t)-1), 0);
	}
	return arg;
}

// libc's own broadcast uses the same signal at the same time.
TEST(libc_is_a_rival)
{
	unsigned ops = 0;
	double until;

	start_threads(rival_of_libc, 2);
	for (until = now() + 1; now() < until; ops++) {
		CHECK_INT(set_all(5000 + ops), 0);
		check_all(5000 + ops, 3);
	}
	CHECK(ops > 10);
	stop = 1;
}

static void *
allocate(void *arg)
{
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		free(malloc(100));
		fflush(stderr);
	}
	return arg;
}

TEST(threads_that_hold_locks)
{
	start_threads(allocate, 6);
	for (unsigned i = 0; i < 300; i++) {
		CHECK_INT(set_all(6000 + i), 0);
	}
	check_all(6299, 7);
	stop = 1;
}

static void *
fork_often(void *arg)
{
	__atomic_fetch_add(&up, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			const uintptr_t args[6] = {PR_SET_TIMERSLACK, 99};

			// The lock may have been held by a thread that is not here.
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
	start_threads(fork_often, 2);
	for (unsigned i = 0; i < 500; i++) {
		CHECK_INT(set_all(7000 + i), 0);
	}
	check_all(7499, 3);
	stop = 1;
}

// Signal 33 of others still reaches those who had it before.
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

	start_threads(idle, THREADS);
	// libc does not let a program have it; the kernel does, and wants a way back from it.
	memset(&some, 0, sizeof some);
	sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	CHECK_INT(syscall(SYS_rt_sigaction, SIGUSR1, NULL, &some, 8), 0);
	act.flags |= ((unsigned long *)&some)[1] & 0x04000000;
	act.restorer = (void (*)(void))((uintptr_t *)&some)[2];
	CHECK_INT(syscall(SYS_rt_sigaction, 33, &act, NULL, 8), 0);
	CHECK_INT(set_all(38), 0);
	for (unsigned i = 1; i <= 10; i++) {
		CHECK_INT(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 33), 0);
		CHECK_INT(passed, i);
		CHECK_INT(set_all(38 + i), 0);
	}
	CHECK_INT(passed, 10);
}

UNIT_MAIN(UNIT_TEST(it_holds_for_all), UNIT_TEST(a_single_thread), UNIT_TEST(an_error_is_nobodys),
	UNIT_TEST(results_that_differ_end_the_process), UNIT_TEST(a_thread_that_blocks_the_signal),
	UNIT_TEST(a_thread_that_blocks_the_signal_for_a_while), UNIT_TEST(no_room_for_signals),
	UNIT_TEST(little_room_for_signals), UNIT_TEST(the_main_thread_has_ended),
	UNIT_TEST(a_thread_in_vfork), UNIT_TEST(threads_come_and_go),
	UNIT_TEST(threads_that_replace_themselves), UNIT_TEST(rivals_take_turns),
	UNIT_TEST(libc_is_a_rival), UNIT_TEST(threads_that_hold_locks), UNIT_TEST(forks_meanwhile),
	UNIT_TEST(signals_that_are_not_ours_go_on))
