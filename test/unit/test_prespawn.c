// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: pre-spawned threads.

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
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "go_standin.h"
#include "inject.h"
#include "stats_page.h"
#include "thread_management.h"
#include "unit.h"

static G gs[64];
static unsigned ran, go_on;
static unsigned before; // other threads: the main one, and those of TSan or an emulator
static char name[16];
static G *g_seen;

static void
mstart(void)
{
	CHECK_INT(prctl(PR_GET_NAME, name), 0);
	g_seen = standin_getg();
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

static void
await_threads(unsigned more)
{
	const struct timespec pause = {0, 1000000};

	for (int i = 0; i < 20000 && unit_threads() != before + more; i++) {
		nanosleep(&pause, NULL);
	}
	CHECK_INT(unit_threads(), before + more);
}

// Returns how many threads are named go:0 and sleep.
static unsigned
waiting(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *e;
	unsigned n = 0;

	CHECK(tasks != NULL);
	while ((e = readdir(tasks)) != NULL) {
		char path[300], text[100] = "";
		FILE *f;

		snprintf(path, sizeof path, "/proc/self/task/%s/stat", e->d_name);
		f = e->d_name[0] != '.' ? fopen(path, "re") : NULL;
		if (f != NULL) {
			n += fgets(text, sizeof text, f) != NULL &&
			     strstr(text, "(go:0) S ") != NULL;
			fclose(f);
		}
	}
	closedir(tasks);
	return n;
}

// Checks that the spawner, this many idle threads and no other thread exist.
static void
await_spares(unsigned spares)
{
	const struct timespec pause = {0, 1000000};
	unsigned seen = 0;

	for (int i = 0; i < 20000 && seen < 3; i++) {
		nanosleep(&pause, NULL);
		seen = waiting() == 1 + spares ? seen + 1 : 0;
	}
	CHECK_INT(waiting(), 1 + spares);
	await_threads(1 + spares);
}

static void *
tell_id(void *arg)
{
	*(pid_t *)arg = (pid_t)syscall(SYS_gettid);
	return NULL;
}

// Fault injection works for one thread at a time.
static void
need_faults(void)
{
	if (UNIT_TSAN) {
		unit_skip("a thread is told to fail by another");
	}
}

static void
start(const char *options)
{
	const struct timespec pause = {0, 1000000};
	char all[64];
	pthread_t t;
	pid_t id;

	// TSan starts a thread of its own with the second thread. The kernel lists a thread for
	// some time after it was joined.
	CHECK_INT(pthread_create(&t, NULL, tell_id, &id), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
	for (int i = 0; i < 20000 && syscall(SYS_tgkill, getpid(), id, 0) == 0; i++) {
		nanosleep(&pause, NULL);
	}
	before = unit_threads();
	snprintf(all, sizeof all, "names=on,%s", options);
	CHECK_INT(setenv("RCGO", all, 1), 0);
	standin_start();
}

// Checks that the spawner and this many idle threads exist.
static void
start_with_spares(const char *options, unsigned spares)
{
	start(options);
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 1);
	await_spares(spares);
}

TEST(there_are_none_by_default)
{
	start("");
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 1);
	await_threads(0);
}

TEST(a_spare_is_taken_and_replaced)
{
	need_faults();
	start_with_spares("spare=2", 2);
	// An idle thread works without memory for anything else; the spawner keeps trying.
	inject_arm(&inject_pthread_create, 0, INJECT_FOR_EVER, EPERM);
	for (unsigned i = 1; i <= 2; i++) {
		gs[i].stacklo = 0;
		standin_newm(&gs[i], mstart);
		unit_await(&ran, 1 + i);
		CHECK(g_seen == &gs[i]);
		CHECK_STR(name, i == 1 ? "go:2" : "go:3");
		CHECK(gs[i].stackhi != 0 && gs[i].stackhi == gs[0].stackhi);
	}
	await_threads(1);
	inject_arm(&inject_pthread_create, 0, 0, 0);
	standin_newm(&gs[3], mstart);
	unit_await(&ran, 4);
	await_threads(1 + 2);
	CHECK_INT(rcgo__stats()->threads_started, 4);
	CHECK_INT(rcgo__stats()->start_failures, 0);
}

static void
mstart_waits(void)
{
	mstart();
	unit_await(&go_on, 1);
}

TEST(more_are_started_than_there_are_spares)
{
	start_with_spares("spare=16", 16);
	for (unsigned i = 1; i < UNIT_COUNTOF(gs); i++) {
		standin_newm(&gs[i], mstart_waits);
	}
	unit_await(&ran, UNIT_COUNTOF(gs));
	await_threads(1 + 16 + UNIT_COUNTOF(gs) - 1);
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	await_threads(1 + 16);
}

TEST(no_more_than_a_table_has)
{
	start_with_spares("spare=1G", 16);
}

TEST(without_a_spawner_threads_are_started)
{
	need_faults();
	start("spare=3");
	inject_arm(&inject_pthread_create, 1, 1, EPERM);
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 1);
	await_threads(0);
	standin_newm(&gs[1], mstart);
	unit_await(&ran, 2);
	await_threads(1 + 3);
}

// An idle thread takes part in all-threads calls and remains idle.
TEST(a_spare_is_a_thread_like_others)
{
	const uintptr_t args[6] = {(uintptr_t)-1, (uintptr_t)-1, (uintptr_t)-1};

	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that stops threads");
	}
	start_with_spares("spare=4", 4);
	for (unsigned i = 1; i <= 20; i++) {
		CHECK_INT(rcgo_syscall_all_threads(SYS_setresuid, args, NULL), 0);
		standin_newm(&gs[i], mstart);
		unit_await(&ran, 1 + i);
	}
	await_threads(1 + 4);
}

UNIT_MAIN(UNIT_TEST(there_are_none_by_default), UNIT_TEST(a_spare_is_taken_and_replaced),
	UNIT_TEST(more_are_started_than_there_are_spares), UNIT_TEST(no_more_than_a_table_has),
	UNIT_TEST(without_a_spawner_threads_are_started),
	UNIT_TEST(a_spare_is_a_thread_like_others))
