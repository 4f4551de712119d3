// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what C may query and report about threads.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <ucontext.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "stats_page.h"
#include "thread_record.h"
#include "unit.h"

static unsigned ran, go_on;
static G gs[4];

static struct rcgo_stats
stats(void)
{
	struct rcgo_stats s;

	rcgo_stats(&s, sizeof s);
	return s;
}

static void
mstart(void)
{
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
	unit_await(&go_on, 1);
}

static void
await_running(uint64_t want)
{
	for (int i = 0; i < 10000 && stats().threads_running != want; i++) {
		struct timespec ms = {.tv_nsec = 1000000};

		clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
	}
	CHECK_INT(stats().threads_running, want);
}

TEST(threads_of_go)
{
	uint64_t stack;

	standin_start();
	CHECK_INT(stats().threads_started, 0);
	for (unsigned i = 0; i < UNIT_COUNTOF(gs); i++) {
		standin_newm(&gs[i], mstart);
	}
	unit_await(&ran, UNIT_COUNTOF(gs));
	CHECK_INT(stats().threads_started, 4);
	CHECK_INT(stats().threads_running, 4);
	stack = stats().thread_stack_bytes;
	CHECK(stack >= 4 * 16384 && stack % 4 == 0);
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	await_running(0);
	// It is counted after the thread.
	for (int i = 0; i < 10000 && stats().thread_stack_bytes != 0; i++) {
		sched_yield();
	}
	CHECK_INT(stats().thread_stack_bytes, 0);
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 5);
	CHECK_INT(stats().threads_started, 5);
	CHECK_INT(stats().threads_peak, 4);
}

// Names of Go's threads.
static char name[16];

static void
mstart_named(void)
{
	CHECK_INT(prctl(PR_GET_NAME, name), 0);
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

TEST(names)
{
	char own[16];

	CHECK_INT(setenv("RCGO", "names=on", 1), 0);
	CHECK_INT(prctl(PR_SET_NAME, "creator"), 0);
	standin_start();
	standin_newm(&gs[0], mstart_named);
	unit_await(&ran, 1);
	CHECK_STR(name, "go:1");
	standin_newm(&gs[0], mstart_named);
	unit_await(&ran, 2);
	CHECK_STR(name, "go:2");
	CHECK_INT(prctl(PR_GET_NAME, own), 0);
	CHECK_STR(own, "creator");
	rcgo__stats()->threads_started = 9999999998;
	standin_newm(&gs[0], mstart_named);
	unit_await(&ran, 3);
	CHECK_STR(name, "go:9999999999");
}

// A process that C forks from a Go thread inherits the thread's name. It must get the program's
// name.
TEST(names_are_off)
{
	CHECK_INT(prctl(PR_SET_NAME, "creator"), 0);
	standin_start();
	standin_newm(&gs[0], mstart_named);
	unit_await(&ran, 1);
	CHECK_STR(name, "creator");
}

// The kernel ends a process that makes a file larger than this limit.
TEST(no_file_may_grow)
{
	struct rlimit none = {0, 0};

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator writes files of its own");
	}
	CHECK_INT(setenv("RCGO", "stats=on", 1), 0);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &none), 0);
	standin_start();
	CHECK(rcgo__stats()->callbacks_counted != 0);
	_exit(0); // sanitizer reports are files, too
}

static struct rcgo_stats_page *
find_sight(const char *path)
{
	static const char magic[16] = RCGO_STATS_PAGE_MAGIC;
	struct rcgo_stats_page *page;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	CHECK(fd >= 0);
	page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(page != MAP_FAILED);
	CHECK(memcmp(page->magic, magic, sizeof magic) == 0);
	close(fd);
	return page;
}

// With stats=on, calls from C are counted, and a file descriptor of the process shows the stats
// page.
TEST(calls_are_counted)
{
	const struct rcgo_stats_page *seen = NULL;

	CHECK_INT(setenv("RCGO", "stats=on", 1), 0);
	standin_start();
	for (int i = 0; i < 3; i++) {
		standin_export(NULL, NULL);
	}
	CHECK_INT(stats().callbacks, 3);
	CHECK_INT(stats().waits, 0);
	if (!unit_emulated()) {
		seen = find_sight("/proc/self/fd/200");
		CHECK_INT(seen->stats.callbacks, 3);
		CHECK_INT(seen->flags, RCGO_STATS_PAGE_UP | RCGO_STATS_PAGE_CALLBACKS);
	}
}

TEST(calls_are_not_counted)
{
	standin_start();
	standin_export(NULL, NULL);
	CHECK_INT(stats().callbacks, 0);
	CHECK(access("/proc/self/fd/200", F_OK) != 0);
}

static void *
foreign(void *arg)
{
	standin_export(NULL, NULL);
	CHECK_INT(stats().foreign_bound, 1);
	return arg;
}

TEST(threads_of_c)
{
	pthread_t t;

	standin_start();
	for (unsigned i = 1; i < 5; i++) {
		CHECK_INT(pthread_create(&t, NULL, foreign, NULL), 0);
		CHECK_INT(pthread_join(t, NULL), 0);
		CHECK_INT(stats().foreign_bound, 0);
		CHECK_INT(stats().foreign_seen, i);
	}
}

TEST(starts_that_are_retried)
{
	standin_start();
	inject_clock.on = true;
	inject_arm(&inject_pthread_create, 0, 3, EAGAIN);
	standin_newm(&gs[0], mstart);
	CHECK_INT(stats().start_retries, 3);
}

// A program built with an older or newer header gets the fields that it knows, and 0 for the rest.
TEST(other_sizes)
{
	uint64_t words[30];

	standin_start();
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 1);
	memset(words, 0xff, sizeof words);
	rcgo_stats((struct rcgo_stats *)words, sizeof *words);
	CHECK_INT(words[0], 1);
	CHECK_INT(words[1], -1);
	rcgo_stats((struct rcgo_stats *)words, sizeof words);
	CHECK_INT(words[29], 0);
}

static ucontext_t back, fiber;
static char *fiber_stack;
#define FIBER_BYTES 65536

static void
on_fiber(void)
{
	uintptr_t bounds[2] = {1, 1};

	rcgo_stack_switched((uintptr_t)fiber_stack, (uintptr_t)fiber_stack + FIBER_BYTES);
	x_cgo_getstackbound(bounds);
	CHECK(UNIT_ASAN || bounds[0] == (uintptr_t)fiber_stack);
	CHECK(UNIT_ASAN || bounds[1] == (uintptr_t)fiber_stack + FIBER_BYTES);
	rcgo_stack_switched(0, 0);
}

TEST(a_stack_that_c_has_switched_to)
{
	uintptr_t bounds[2] = {1, 1};

	rcgo_stack_switched(1, 2); // no thread is known yet
	standin_start();
	fiber_stack = malloc(FIBER_BYTES);
	CHECK(fiber_stack != NULL);
	CHECK_INT(getcontext(&fiber), 0);
	fiber.uc_stack.ss_sp = fiber_stack;
	fiber.uc_stack.ss_size = FIBER_BYTES;
	fiber.uc_link = &back;
	makecontext(&fiber, on_fiber, 0);
	CHECK_INT(swapcontext(&back, &fiber), 0);
	x_cgo_getstackbound(bounds);
	CHECK(bounds[0] == rcgo__thread_record()->stack_lo);
	free(fiber_stack);
}

UNIT_MAIN(UNIT_TEST(threads_of_go), UNIT_TEST(threads_of_c), UNIT_TEST(starts_that_are_retried),
	UNIT_TEST(other_sizes), UNIT_TEST(names), UNIT_TEST(names_are_off),
	UNIT_TEST(no_file_may_grow), UNIT_TEST(calls_are_counted), UNIT_TEST(calls_are_not_counted),
	UNIT_TEST(a_stack_that_c_has_switched_to))
