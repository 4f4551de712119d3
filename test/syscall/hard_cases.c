// SPDX-License-Identifier: BSD-3-Clause
// Hard cases of calls on all threads: hard_cases WHO CASE changes the effective user of all threads
// by libc, libpsx or ours, and prints the result in one line. Needs root.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <linux/io_uring.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "allthreads_peers.h"

#define NOBODY 65534U

static enum who chosen;

static void
on_alarm(int sig)
{
	(void)sig;
	(void)!write(1, "hung\n", 5);
	_exit(0);
}

static void
call(void)
{
	double from = now_us();
	int err = set_user(chosen, NOBODY);
	double took = now_us() - from;
	unsigned all, changed = threads_with("Uid: %*u %u", NOBODY, &all);

	printf("%s, %.1f ms, %u of %u threads changed\n", err == 0 ? "success" : strerror(err),
		took / 1e3, changed, all);
	fflush(stdout);
	_exit(0);
}

static void *
block(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	return idle(arg);
}

static void *
call_later(void *arg)
{
	usleep(100000);
	call();
	return arg;
}

static void *
sleep_in_vfork(void *arg)
{
	static struct timespec ts = {.tv_nsec = 300000000};

	if (vfork() == 0) {
		syscall(SYS_nanosleep, &ts, NULL);
		_exit(0);
	}
	return idle(arg);
}

// A kernel thread in this process, which polls for work.
static void
io_uring_thread(void)
{
	static struct io_uring_params params = {
		.flags = IORING_SETUP_SQPOLL, .sq_thread_idle = 10000};

	if (syscall(SYS_io_uring_setup, 4, &params) < 0) {
		printf("no io_uring here\n");
		fflush(stdout);
		_exit(0);
	}
}

static void *
libc_calls(void *arg)
{
	while (setresgid(KEEP, KEEP, KEEP) == 0) {
	}
	return arg;
}

static void *
forks(void *arg)
{
	for (;;) {
		pid_t child = fork();

		if (child == 0) {
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
	return arg;
}

static pid_t held;

static void *
be_held(void *arg)
{
	held = (pid_t)syscall(SYS_gettid);
	return idle(arg);
}

// A debugger stops one thread, and releases it after 300 ms.
static void
stop_a_thread(void)
{
	start(be_held, 1);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	if (fork() == 0) {
		ptrace(PTRACE_SEIZE, held, NULL, NULL);
		ptrace(PTRACE_INTERRUPT, held, NULL, NULL);
		usleep(400000);
		_exit(0);
	}
	usleep(100000);
}

static int
hard_case(const char *name)
{
	struct rlimit none = {0, 0};

	signal(SIGALRM, on_alarm);
	alarm(6);
	start(idle, 7);
	if (strcmp(name, "plain") == 0) {
		call();
	} else if (strcmp(name, "blocked") == 0) {
		start(block, 1);
	} else if (strcmp(name, "pending") == 0) {
		setrlimit(RLIMIT_SIGPENDING, &none);
	} else if (strcmp(name, "vfork") == 0) {
		start(sleep_in_vfork, 1);
	} else if (strcmp(name, "iouring") == 0) {
		io_uring_thread();
	} else if (strcmp(name, "rival") == 0) {
		start(libc_calls, 2);
	} else if (strcmp(name, "spawning") == 0) {
		start(churn, 4);
	} else if (strcmp(name, "fork") == 0) {
		start(forks, 2);
	} else if (strcmp(name, "stopped") == 0) {
		stop_a_thread();
	} else if (strcmp(name, "main") == 0) {
		start(call_later, 1);
		syscall(SYS_exit, 0);
	} else {
		return 2;
	}
	call();
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 3 || (chosen = who_of(argv[1])) == WHO) {
		return 2;
	}
	return hard_case(argv[2]);
}
