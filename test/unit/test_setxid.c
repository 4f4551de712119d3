// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the nine identity calls take effect on every thread.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "go_standin.h"
#include "unit.h"

#define THREADS 5
#define KEEP ((uintptr_t)-1)

static struct unit_end end;
static unsigned up;

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
start_idle_threads(void)
{
	pthread_t t;

	for (int i = 0; i < THREADS; i++) {
		CHECK_INT(pthread_create(&t, NULL, idle, NULL), 0);
	}
	unit_await(&up, THREADS);
}

// Calls f(a, b, c) as Go does. Returns 0 or a positive errno.
static uintptr_t
call(void (*f)(argset_t *), uintptr_t a, uintptr_t b, uintptr_t c)
{
	uintptr_t args[3] = {a, b, c};
	argset_t x = {.args = args, .retval = 4711};

	f(&x);
	CHECK(args[0] == a && args[1] == b && args[2] == c);
	return x.retval;
}

// Checks that the line KEY in the status of each thread is want.
static void
check_threads(const char *key, const char *want)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	unsigned threads = 0;

	CHECK(tasks != NULL);
	while ((e = readdir(tasks)) != NULL) {
		char path[300], line[4096] = "";
		size_t len = strlen(key);
		FILE *f;

		if (e->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
		f = fopen(path, "re");
		CHECK(f != NULL);
		while (fgets(line, sizeof line, f) != NULL && strncmp(line, key, len) != 0) {
		}
		fclose(f);
		line[strcspn(line, "\n")] = 0;
		while (strlen(line) > len && strchr(" \t", line[strlen(line) - 1]) != NULL) {
			line[strlen(line) - 1] = 0;
		}
		if (strcmp(line + len, want) != 0) {
			unit_fail(__FILE__, __LINE__, "%s: \"%s\", want \"%s\"", path, line, want);
		}
		threads++;
	}
	closedir(tasks);
	CHECK(threads >= THREADS + 1);
}

static void
need_root(void)
{
	if (getuid() != 0) {
		unit_skip("needs root");
	}
	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that libc needs to reach all threads");
	}
	start_idle_threads();
}

TEST(groups)
{
	gid_t list[3] = {7, 8, 70000};

	need_root();
	CHECK_INT(call(_cgo_libc_setgroups, 3, (uintptr_t)list, 0), 0);
	check_threads("Groups:", "\t7 8 70000");
	CHECK_INT(call(_cgo_libc_setgroups, 0, 0, 0), 0);
	check_threads("Groups:", "");
}

TEST(group_ids)
{
	need_root();
	CHECK_INT(call(_cgo_libc_setegid, 11, 0, 0), 0);
	check_threads("Gid:", "\t0\t11\t0\t11");
	CHECK_INT(call(_cgo_libc_setregid, 12, 13, 0), 0);
	check_threads("Gid:", "\t12\t13\t13\t13");
	CHECK_INT(call(_cgo_libc_setresgid, 14, 15, 16), 0);
	check_threads("Gid:", "\t14\t15\t16\t15");
	CHECK_INT(call(_cgo_libc_setresgid, KEEP, 17, KEEP), 0);
	check_threads("Gid:", "\t14\t17\t16\t17");
	CHECK_INT(call(_cgo_libc_setgid, 18, 0, 0), 0);
	check_threads("Gid:", "\t18\t18\t18\t18");
}

TEST(user_ids)
{
	need_root();
	CHECK_INT(call(_cgo_libc_seteuid, 21, 0, 0), 0);
	check_threads("Uid:", "\t0\t21\t0\t21");
	CHECK_INT(call(_cgo_libc_seteuid, 0, 0, 0), 0);
	CHECK_INT(call(_cgo_libc_setreuid, 22, 0, 0), 0);
	check_threads("Uid:", "\t22\t0\t0\t0");
	CHECK_INT(call(_cgo_libc_setresuid, 0, KEEP, 24), 0);
	check_threads("Uid:", "\t0\t0\t24\t0");
	CHECK_INT(call(_cgo_libc_setuid, 25, 0, 0), 0);
	check_threads("Uid:", "\t25\t25\t25\t25");
	CHECK_INT(call(_cgo_libc_setuid, 0, 0, 0), EPERM);
	check_threads("Uid:", "\t25\t25\t25\t25");
}

TEST(refusals)
{
	gid_t list[1] = {7};

	if (getuid() == 0) {
		CHECK_INT(setgroups(0, NULL), 0);
		CHECK_INT(setresgid(61234, 61234, 61234), 0);
		CHECK_INT(setresuid(61234, 61234, 61234), 0);
	}
	if (unit_emulated()) {
		unit_skip("some emulators make these calls by their own libc, which may abort");
	}
	start_idle_threads();
	CHECK_INT(call(_cgo_libc_setegid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_seteuid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setgid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setgroups, 1, (uintptr_t)list, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setregid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setresgid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setresuid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setreuid, 0, 0, 0), EPERM);
	CHECK_INT(call(_cgo_libc_setuid, 0, 0, 0), EPERM);
	// A call that changes nothing is always permitted.
	CHECK_INT(call(_cgo_libc_setresuid, KEEP, KEEP, KEEP), 0);
	CHECK_INT(call(_cgo_libc_setuid, getuid(), 0, 0), 0);
	CHECK_INT(call(_cgo_libc_setgid, getgid(), 0, 0), 0);
}

TEST(other_errors)
{
	need_root();
	CHECK_INT(call(_cgo_libc_setgroups, 100000000, 0, 0), EINVAL);
	CHECK_INT(call(_cgo_libc_setgroups, 3, 1, 0), EFAULT);
	CHECK_INT(call(_cgo_libc_seteuid, KEEP, 0, 0), EINVAL);
}

static void
on_new_threads(void *arg)
{
	(void)arg;
	need_root();
	CHECK_INT(call(_cgo_libc_setresuid, 31, 32, 33), 0);
	up = 0;
	start_idle_threads();
	check_threads("Uid:", "\t31\t32\t33\t32");
}

TEST(threads_that_start_later)
{
	CHECK_ENDS_WELL(&end, on_new_threads, NULL);
}

// Returns whether the limit could be raised again.
static bool
no_pending_signals(void)
{
	struct rlimit none = {0, 0}, one = {1, 1};
	bool free;

	CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	free = setrlimit(RLIMIT_SIGPENDING, &one) == 0;
	CHECK_INT(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	return free;
}

// glibc skips threads that it cannot signal and reports success.
TEST(no_room_for_signals)
{
	struct rlimit limit;

	need_root();
	if (!no_pending_signals()) {
		unit_skip("this root may not raise limits (CAP_SYS_RESOURCE)");
	}
	CHECK_INT(call(_cgo_libc_setresgid, 41, 42, 43), 0);
	check_threads("Gid:", "\t41\t42\t43\t42");
	CHECK_INT(call(_cgo_libc_setresuid, 51, 52, 53), 0);
	check_threads("Uid:", "\t51\t52\t53\t52");
	CHECK_INT(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
	CHECK(limit.rlim_cur == 0 && limit.rlim_max == 0);
}

// If the limit may not be raised, the test does without it.
TEST(no_room_for_signals_and_no_right)
{
	need_root();
	CHECK_INT(call(_cgo_libc_setresuid, 51, 52, 53), 0);
	no_pending_signals();
	CHECK_INT(call(_cgo_libc_seteuid, 53, 0, 0), 0);
	check_threads("Uid:", "\t51\t53\t53\t53");
}

UNIT_MAIN(UNIT_TEST(groups), UNIT_TEST(group_ids), UNIT_TEST(user_ids), UNIT_TEST(refusals),
	UNIT_TEST(other_errors), UNIT_TEST(threads_that_start_later),
	UNIT_TEST(no_room_for_signals), UNIT_TEST(no_room_for_signals_and_no_right))
