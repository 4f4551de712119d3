// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: threads that cannot be started: how long we retry, and the message.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "thread_management.h"
#include "unit.h"

static struct unit_end end;

// The child's result, for the parent.
struct note {
	unsigned tries;
	unsigned sleeps;
	long long asked_ns;
	long long now_ns;
};
static struct note *note;

static void
mstart(void)
{
}

static void
on_abort(int sig)
{
	(void)sig;
	note->tries = inject_pthread_create.calls;
	note->sleeps = inject_clock.sleeps;
	note->asked_ns = inject_clock.asked_ns;
	note->now_ns = inject_clock.now_ns;
}

static void
start_with_error(void *err)
{
	static G g;

	signal(SIGABRT, on_abort);
	standin_start();
	inject_clock.on = true;
	inject_arm(&inject_pthread_create, 0, INJECT_FOR_EVER, *(int *)err);
	standin_newm(&g, mstart);
}

static void
start_interrupted(void *err)
{
	inject_clock.interrupted = true;
	start_with_error(err);
}

static void
fail_start(void (*body)(void *), int err)
{
	note = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(note != MAP_FAILED);
	CHECK_ABORTS(&end, body, &err);
}

static unsigned
lines(const char *text)
{
	unsigned n = 0;

	for (; *text != 0; text++) {
		n += *text == '\n';
	}
	return n;
}

TEST(message_when_it_never_works)
{
	char tries[64];

	fail_start(start_with_error, EAGAIN);
	snprintf(tries, sizeof tries, "(EAGAIN), tries: %u\n", note->tries);
	CHECK_HAS(end.err, "runtime/cgo: pthread_create failed: Resource temporarily unavailable ");
	CHECK_HAS(end.err, tries);
	CHECK_HAS(end.err, unit_emulated() ? "This process has " : "This process has 1 threads");
	CHECK_HAS(end.err, "; one more takes a stack of ");
	CHECK_HAS(end.err, "\n\tRLIMIT_NPROC (threads of this user) ");
	CHECK_HAS(end.err, "\n\tkernel.threads-max ");
	CHECK_HAS(end.err, "\n\tkernel.pid_max ");
	CHECK_HAS(end.err, "\n\tRLIMIT_AS (KiB) ");
	CHECK_HAS(end.err, "\n\tvm.max_map_count ");
	CHECK_HAS(end.err, "\n\tvm.overcommit_memory=2 (KiB) ");
	CHECK_HAS(end.err, "each holds a thread.");
	CHECK(lines(end.err) <= 20);
	CHECK_INT(end.err[end.len - 1], '\n');
}

TEST(tries_for_two_seconds)
{
	fail_start(start_with_error, EAGAIN);
	CHECK_INT(note->tries, note->sleeps + 1);
	CHECK(note->tries > 10 && note->tries < 200);
	CHECK(note->asked_ns > 1900 * 1000000LL && note->asked_ns < 2300 * 1000000LL);
}

// Go's profiler and preemption signals interrupt sleeps. That must not shorten the two seconds.
// With RCGO=threads=stock: twenty attempts, 1 ms to 19 ms apart, and a message without limits.
static void
start_as_stock(void *err)
{
	setenv("RCGO", "threads=stock", 1);
	start_with_error(err);
}

TEST(tries_as_stock)
{
	fail_start(start_as_stock, EAGAIN);
	CHECK_INT(note->tries, 20);
	CHECK_INT(note->asked_ns, 190000000);
	CHECK_STR(end.err, "runtime/cgo: pthread_create failed: Resource temporarily unavailable "
			   "(EAGAIN)\n");
}

TEST(tries_as_long_when_interrupted)
{
	fail_start(start_interrupted, EAGAIN);
	CHECK(note->now_ns > 1900 * 1000000LL && note->now_ns < 2300 * 1000000LL);
}

TEST(other_errors_are_not_tried_again)
{
	fail_start(start_with_error, EPERM);
	CHECK_INT(note->tries, 1);
	CHECK_INT(note->sleeps, 0);
	CHECK_HAS(end.err,
		"runtime/cgo: pthread_create failed: Operation not permitted (EPERM), tries: 1\n");
	fail_start(start_with_error, EINVAL);
	CHECK_INT(note->tries, 1);
	CHECK_HAS(end.err, "(EINVAL), tries: 1\n");
	fail_start(start_with_error, 4095);
	CHECK_HAS(end.err, "failed: errno 4095, tries: 1\n");
}

static void
start_library(void *arg)
{
	(void)arg;
	inject_clock.on = true;
	inject_arm(&inject_pthread_create, 0, INJECT_FOR_EVER, EAGAIN);
	x_cgo_sys_thread_create((void *(*)(void *))(void *)mstart);
}

TEST(message_when_a_library_cannot_start)
{
	CHECK_ABORTS(&end, start_library, NULL);
	CHECK_HAS(end.err, "runtime/cgo: pthread_create failed: ");
}

static void
start_without_memory(void *arg)
{
	static G g;

	(void)arg;
	standin_start();
	// More starts at once than there are preallocated entries.
	for (unsigned i = 0; i < 32; i++) {
		rcgo__thread_start_alloc();
	}
	inject_arm(&inject_malloc, 0, 1, ENOMEM);
	standin_newm(&g, mstart);
}

TEST(message_without_memory)
{
	CHECK_ABORTS(&end, start_without_memory, NULL);
	CHECK_STR(end.err, "runtime/cgo: out of memory while starting a thread: malloc failed\n");
}

static void
start_with_nothing(void *err)
{
	struct rlimit none = {0, 0};

	CHECK_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	start_with_error(err);
}

// No file can be opened, so no limit is known; there is still a message.
TEST(message_without_files)
{
	fail_start(start_with_nothing, EAGAIN);
	CHECK_HAS(end.err, "runtime/cgo: pthread_create failed: Resource temporarily unavailable ");
	CHECK_HAS_NOT(end.err, "has 0 threads");
	CHECK_HAS_NOT(end.err, "<- reached");
}

// The n-th of all memory and thread calls fails once: the program still starts.
static void
start_all(void *arg)
{
	static G g;

	(void)arg;
	inject_clock.on = true;
	standin_start();
	standin_newm(&g, mstart);
	standin_export(NULL, NULL);
}

TEST(the_nth_call_fails)
{
	static struct {
		struct inject *inject;
		int err;
	} const faults[] = {
		{&inject_malloc, ENOMEM},
		{&inject_mmap, ENOMEM},
		{&inject_madvise, EINVAL},
		{&inject_pthread_create, EAGAIN},
		{&inject_pthread_getattr_np, ENOMEM},
		{&inject_pthread_key_create, EAGAIN},
		{&inject_open, EMFILE},
	};

	for (size_t i = 0; i < UNIT_COUNTOF(faults); i++) {
		for (unsigned n = 0; n < 4; n++) {
			inject_arm(faults[i].inject, n, 1, faults[i].err);
			unit_fork(&end, start_all, NULL);
			CHECK(!end.late);
			CHECK_INT(end.status, 0);
		}
		inject_arm(faults[i].inject, 0, 0, 0);
	}
}

UNIT_MAIN(UNIT_TEST(message_when_it_never_works), UNIT_TEST(tries_for_two_seconds),
	UNIT_TEST(tries_as_stock), UNIT_TEST(tries_as_long_when_interrupted),
	UNIT_TEST(other_errors_are_not_tried_again), UNIT_TEST(message_when_a_library_cannot_start),
	UNIT_TEST(message_without_memory), UNIT_TEST(message_without_files),
	UNIT_TEST(the_nth_call_fails))
