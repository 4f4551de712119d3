// SPDX-License-Identifier: BSD-3-Clause
// Facilities of the C library and the kernel in a program that loads Go: facilities NAME LIBRARY.
// Prints ok if NAME works as it does without Go, and Go works too.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "load.h"

extern char **environ;

static volatile sig_atomic_t came;

static void
handler(int sig)
{
	(void)sig;
	came++;
}

static void
calls_go(int sig)
{
	(void)sig;
	came += add(2, 3) == 5;
}

static void catch (int sig, void (*fn)(int), int flags)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = fn;
	sa.sa_flags = flags;
	CHECK(sigaction(sig, &sa, NULL) == 0);
}

static sigset_t
only(int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	return set;
}

static void
signal_fd(void)
{
	sigset_t set = only(SIGUSR1);
	struct signalfd_siginfo info;
	int fd;

	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	load();
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	CHECK(fd >= 0);
	for (int i = 0; i < 20; i++) {
		use();
		CHECK(pthread_kill(pthread_self(), SIGUSR1) == 0);
		CHECK(read(fd, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1);
	}
}

static void
sig_wait_info(void)
{
	sigset_t set = only(SIGRTMIN + 3), now;
	union sigval value = {.sival_int = 77};
	siginfo_t info;

	load();
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	use();
	CHECK(pthread_sigmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGRTMIN + 3));
	CHECK(pthread_sigqueue(pthread_self(), SIGRTMIN + 3, value) == 0);
	CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 3 && info.si_value.sival_int == 77);
}

static void
timer_calls(union sigval value)
{
	(void)value;
	if (add(2, 3) == 5 && work() == 1) {
		__atomic_fetch_add((int *)&came, 1, __ATOMIC_RELEASE);
	}
}

static void
timer_thread(void)
{
	struct sigevent event;
	struct itimerspec soon = {.it_value.tv_nsec = 1000000};
	timer_t timer;

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = timer_calls;
	load();
	CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	for (int i = 0; i < 20; i++) {
		CHECK(timer_settime(timer, 0, &soon, NULL) == 0);
		while (__atomic_load_n((int *)&came, __ATOMIC_ACQUIRE) == i) {
			usleep(1000);
		}
	}
	CHECK(timer_delete(timer) == 0);
	use();
}

static char order[16];

#define ATFORK(c)                                                     \
	static void at_##c(void)                                      \
	{                                                             \
		strncat(order, #c, sizeof order - strlen(order) - 1); \
	}
ATFORK(a)
ATFORK(b)
ATFORK(p)
ATFORK(q)
ATFORK(c)
ATFORK(d)

static int
ended(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	while (waitpid(pid, &status, 0) < 0) {
		CHECK(errno == EINTR);
	}
	return status;
}

static void
at_fork(void)
{
	pid_t pid;

	CHECK(pthread_atfork(at_a, at_p, at_c) == 0);
	load();
	CHECK(pthread_atfork(at_b, at_q, at_d) == 0);
	use();
	pid = fork();
	if (pid == 0) {
		_exit(strcmp(order, "bacd") == 0 ? 7 : 1);
	}
	CHECK(strcmp(order, "bapq") == 0);
	CHECK(ended(pid) == 7 << 8);
}

static ucontext_t main_context, other_context;

static void
on_other_stack(void)
{
	for (int i = 0; i < 50; i++) {
		came += add(i, i) == 2 * i && back(twice, 2) == 2;
		swapcontext(&other_context, &main_context);
	}
}

static void
contexts(void)
{
	static char stack[512 * 1024];

	load();
	CHECK(getcontext(&other_context) == 0);
	other_context.uc_stack.ss_sp = stack;
	other_context.uc_stack.ss_size = sizeof stack;
	other_context.uc_link = &main_context;
	makecontext(&other_context, on_other_stack, 0);
	for (int i = 0; i < 50; i++) {
		CHECK(swapcontext(&main_context, &other_context) == 0);
		CHECK(add(1, 1) == 2);
	}
	CHECK(came == 50);
}

static void
alternate_stack(void)
{
	static char memory[64 * 1024];
	stack_t mine = {.ss_sp = memory, .ss_size = sizeof memory}, now;

	CHECK(sigaltstack(&mine, NULL) == 0);
	load();
	catch (SIGUSR1, calls_go, SA_ONSTACK);
	for (int i = 0; i < 20; i++) {
		use();
		CHECK(raise(SIGUSR1) == 0);
	}
	CHECK(came == 20);
	CHECK(sigaltstack(NULL, &now) == 0);
	CHECK(now.ss_sp == mine.ss_sp && now.ss_size == mine.ss_size);
}

static void
spawn_default(void)
{
	char *argv[] = {"sh", "-c", "kill -PIPE $$; exit 9", NULL};
	posix_spawnattr_t attr;
	sigset_t set = only(SIGPIPE);
	pid_t pid;

	load();
	signal(SIGPIPE, SIG_IGN); // Go sets a handler as it is loaded
	use();
	CHECK(posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) == 0);
	CHECK(ended(pid) == 9 << 8); // ignored
	CHECK(posix_spawnattr_init(&attr) == 0);
	CHECK(posix_spawnattr_setsigdefault(&attr, &set) == 0);
	CHECK(posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF) == 0);
	CHECK(posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ) == 0);
	CHECK(ended(pid) == SIGPIPE);
}

static void
clone_3(void)
{
	struct clone_args args = {.exit_signal = SIGCHLD};
	long pid;

	load();
	use();
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		_exit(7);
	}
	CHECK(ended((pid_t)pid) == 7 << 8);
	args.flags = CLONE_CLEAR_SIGHAND;
	pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		struct sigaction sa;

		syscall(SYS_rt_sigaction, SIGUSR1, NULL, &sa, 8);
		kill(getpid(), SIGUSR1);
		_exit(9);
	}
	CHECK(ended((pid_t)pid) == SIGUSR1);
	use();
}

// Without standard input, output and error, the first files of Go get their numbers.
static void
no_files(void)
{
	int out = fcntl(1, F_DUPFD, 100);

	close(0);
	close(1);
	close(2);
	load();
	use();
	CHECK(dup2(out, 1) == 1);
	printf("ok\n");
	exit(0);
}

static void
no_file_limit(void)
{
	struct rlimit none = {0, 0};

	load();
	CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
	for (int i = 0; i < 10; i++) {
		// Not a collection: Go's timers may open a file then.
		CHECK(add(2, 3) == 5 && fault() == 1 && back(twice, 4) == 12);
	}
}

static void
interval_timer(void)
{
	struct itimerval every = {.it_interval.tv_usec = 500, .it_value.tv_usec = 500};

	catch (SIGALRM, handler, SA_RESTART);
	load();
	CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
	while (came < 50) {
		use();
	}
	catch (SIGPROF, handler, 0);
	came = 0;
	CHECK(setitimer(ITIMER_PROF, &every, NULL) == 0);
	while (came < 10) {
		use();
	}
}

static void
one_shot(void)
{
	struct sigaction now;

	load();
	catch (SIGUSR2, handler, (int)SA_RESETHAND);
	CHECK(raise(SIGUSR2) == 0 && came == 1);
	CHECK(sigaction(SIGUSR2, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
	use();
}

static void *
until_cancelled(void *unused)
{
	for (;;) {
		use();
		usleep(100);
	}
	return unused;
}

static void
cancellation(void)
{
	load();
	for (int i = 0; i < 10; i++) {
		pthread_t thread;
		void *result;

		CHECK(pthread_create(&thread, NULL, until_cancelled, NULL) == 0);
		usleep(2000);
		CHECK(pthread_cancel(thread) == 0);
		CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
	}
}

static void
environment(void)
{
	pid_t pid;

	load();
	CHECK(setenv("OF_C", "1", 1) == 0);
	pid = vfork();
	if (pid == 0) {
		setenv("OF_CHILD", "2", 1);
		execl("/bin/sh", "sh", "-c", "exit $OF_C$OF_CHILD", (char *)NULL);
		_exit(99);
	}
	CHECK(ended(pid) == 12 << 8);
	CHECK(clearenv() == 0 && setenv("A", "b", 1) == 0);
	use();
}

static const struct golib_case all[] = {{"signal-fd", signal_fd}, {"sigwaitinfo", sig_wait_info},
	{"timer-thread", timer_thread}, {"atfork", at_fork}, {"contexts", contexts},
	{"alternate-stack", alternate_stack}, {"spawn-default", spawn_default}, {"clone3", clone_3},
	{"no-files", no_files}, {"no-file-limit", no_file_limit},
	{"interval-timer", interval_timer}, {"one-shot", one_shot}, {"cancellation", cancellation},
	{"environment", environment}};

int
main(int argc, char **argv)
{
	return run_case(argc, argv, all, sizeof all / sizeof *all);
}
