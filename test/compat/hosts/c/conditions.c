// SPDX-License-Identifier: BSD-3-Clause
// Conditions under which a program loads and uses Go: conditions NAME LIBRARY. Prints ok if Go
// works under the condition NAME.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

static void *
use_on_thread(void *unused)
{
	use();
	return unused;
}

static void *
load_and_use(void *unused)
{
	load();
	return use_on_thread(unused);
}

static void
on_threads(const pthread_attr_t *attr, void *(*fn)(void *), int count)
{
	pthread_t threads[8];

	for (int i = 0; i < count; i++) {
		CHECK(pthread_create(&threads[i], attr, fn, NULL) == 0);
	}
	for (int i = 0; i < count; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
	}
}

// Go is loaded and used, on the calling thread and on others.
static void
everything(void)
{
	load_and_use(NULL);
	on_threads(NULL, use_on_thread, 4);
}

static void
blocked_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	CHECK(pthread_sigmask(SIG_SETMASK, &all, NULL) == 0);
	on_threads(NULL, load_and_use, 1);
	everything();
}

static void
ignored_signals(void)
{
	for (int sig = 1; sig < NSIG; sig++) {
		if (sig != SIGCHLD) {
			signal(sig, SIG_IGN);
		}
	}
	everything();
}

static void
least_stack(void)
{
	pthread_attr_t attr;

	CHECK(pthread_attr_init(&attr) == 0);
	CHECK(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN) == 0);
	on_threads(&attr, load_and_use, 1);
	on_threads(&attr, use_on_thread, 8);
}

static int
exec_true(void *unused)
{
	(void)unused;
	execl("/bin/true", "true", (char *)NULL);
	_exit(127);
}

// Children that share the memory of the process, while Go works on other threads.
static void
shared_memory(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	pthread_t thread;

	load_and_use(NULL);
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t pid;

		CHECK(pthread_create(&thread, NULL, use_on_thread, NULL) == 0);
		pid = clone(exec_true, stack + sizeof stack, CLONE_VM | SIGCHLD, NULL);
		CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
		CHECK(pthread_join(thread, NULL) == 0);
	}
}

static void
in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void
first_process(void)
{
	CHECK(getpid() == 1);
	everything();
}

// Process 1 of a namespace, where /proc is that of another one.
static void
pid_namespace(void)
{
	CHECK(unshare(CLONE_NEWPID) == 0);
	in_child(first_process);
}

#ifndef PR_SET_MDWE
#	define PR_SET_MDWE 65
#endif

// Memory never becomes executable: systemd's MemoryDenyWriteExecute.
static void
no_new_code(void)
{
	prctl(PR_SET_MDWE, 1, 0, 0, 0); // Linux 6.3
	everything();
}

static void
landlocked(void)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = (1U << 13) - 1};
	int fd;

	load_and_use(NULL);
	fd = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	if (fd >= 0) {
		CHECK(syscall(SYS_landlock_restrict_self, fd, 0) == 0);
		CHECK(open("/proc/self/maps", O_RDONLY) < 0);
	}
	use();
	on_threads(NULL, use_on_thread, 4);
}

static void
not_dumpable(void)
{
	CHECK(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	everything();
}

static void
locked_memory(void)
{
	CHECK(mlockall(MCL_CURRENT | MCL_FUTURE) == 0);
	everything();
}

static void
no_queued_signals(void)
{
	const struct rlimit none = {0, 0};

	CHECK(setrlimit(RLIMIT_SIGPENDING, &none) == 0);
	everything();
}

static void
ignore(int sig)
{
	(void)sig;
}

// A signal every millisecond, whose handler does not restart system calls.
static void
interrupted(void)
{
	const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
	struct sigaction act = {.sa_handler = ignore};

	CHECK(sigaction(SIGALRM, &act, NULL) == 0);
	CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
	everything();
	CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

static void
no_environment(void)
{
	load_and_use(NULL);
	environ = NULL;
	use();
	on_threads(NULL, use_on_thread, 4);
}

static int
copy_of_library(int to)
{
	int from = open(library, O_RDONLY);
	struct stat st;

	CHECK(from >= 0 && to >= 0 && fstat(from, &st) == 0);
	for (off_t at = 0; at < st.st_size;) {
		CHECK(sendfile(to, from, &at, (size_t)(st.st_size - at)) > 0);
	}
	close(from);
	return to;
}

// The library has no file name.
static void
memory_file(void)
{
	char name[64];

	snprintf(name, sizeof name, "/proc/self/fd/%d",
		copy_of_library((int)syscall(SYS_memfd_create, "golib", 0)));
	library = name;
	everything();
}

// The file of the library is deleted after it was loaded.
static void
deleted_file(void)
{
	char name[] = "/tmp/golib.XXXXXX";

	close(copy_of_library(mkstemp(name)));
	library = name;
	load_and_use(NULL);
	CHECK(unlink(name) == 0);
	use();
	on_threads(NULL, use_on_thread, 4);
}

// The program leaves its root directory: no /proc, /sys, /dev or /etc.
static void
empty_root(void)
{
	char name[] = "/tmp/golib.XXXXXX";

	CHECK(mkdtemp(name) != NULL);
	load_and_use(NULL);
	CHECK(chroot(name) == 0 && chdir("/") == 0);
	use();
	on_threads(NULL, use_on_thread, 4);
}

static const struct golib_case all[] = {
	{"blocked-signals", blocked_signals},
	{"deleted-file", deleted_file},
	{"empty-root", empty_root},
	{"ignored-signals", ignored_signals},
	{"interrupted", interrupted},
	{"landlocked", landlocked},
	{"least-stack", least_stack},
	{"locked-memory", locked_memory},
	{"memory-file", memory_file},
	{"no-environment", no_environment},
	{"no-new-code", no_new_code},
	{"no-queued-signals", no_queued_signals},
	{"not-dumpable", not_dumpable},
	{"pid-namespace", pid_namespace},
	{"shared-memory", shared_memory},
};

int
main(int argc, char **argv)
{
	return run_case(argc, argv, all, sizeof all / sizeof *all);
}
