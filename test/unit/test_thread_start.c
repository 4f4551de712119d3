// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: new threads for Go.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go_standin.h"
#include "inject.h"
#include "thread_management.h"
#include "unit.h"

// All signals but SIGKILL and SIGSTOP, and the two that glibc keeps unblocked.
#define ALL_BLOCKED (~(uint64_t)0 & ~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1)))
#define LIBCS_OWN ((uint64_t)7 << 31)

static unsigned ran;
static uint64_t blocked;
static int detach_state;
static G *g_of_fn;
static G thread_g;

static size_t
default_stack_size(void)
{
	pthread_attr_t attr;
	size_t size;

	pthread_attr_init(&attr);
	CHECK_INT(pthread_attr_getstacksize(&attr, &size), 0);
	pthread_attr_destroy(&attr);
	return size;
}

static void
mstart(void)
{
	pthread_attr_t attr;

	g_of_fn = standin_getg();
	blocked = unit_status_field("/proc/thread-self/status", "SigBlk", 16);
	CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_INT(pthread_attr_getdetachstate(&attr, &detach_state), 0);
	pthread_attr_destroy(&attr);
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

static uint64_t
current_mask(void)
{
	return unit_status_field("/proc/thread-self/status", "SigBlk", 16);
}

TEST(thread_is_as_go_wants_it)
{
	uint64_t mask;

	standin_start();
	mask = current_mask();
	thread_g = (G){.stacklo = 0, .stackhi = 0};
	standin_newm(&thread_g, mstart);
	CHECK_INT(current_mask(), mask);
	unit_await(&ran, 1);
	CHECK(g_of_fn == &thread_g);
	CHECK_INT(standin_setg_calls, 2);
	CHECK_INT(thread_g.stacklo, 0);
	CHECK_INT(thread_g.stackhi, default_stack_size());
	CHECK_INT(detach_state, PTHREAD_CREATE_DETACHED);
	// An emulator and TSan have masks of their own.
	if (!unit_emulated() && !UNIT_TSAN) {
		CHECK_INT(blocked | LIBCS_OWN, ALL_BLOCKED);
	}
}

TEST(mask_of_the_caller_is_restored)
{
	sigset_t set, after;

	standin_start();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGRTMIN + 3);
	CHECK_INT(pthread_sigmask(SIG_SETMASK, &set, NULL), 0);
	standin_newm(&thread_g, mstart);
	CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int sig = 1; sig <= 64; sig++) {
		CHECK_INT(sigismember(&after, sig), sigismember(&set, sig));
	}
	unit_await(&ran, 1);
}

// Some entries are preallocated; further ones come from malloc and are freed.
TEST(argument_is_copied_and_given_back)
{
	struct rcgo_thread_start *taken[32];

	standin_start();
	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < UNIT_COUNTOF(taken); i++) {
			taken[i] = rcgo__thread_start_alloc();
			CHECK(i == 0 || taken[i] != taken[i - 1]);
		}
		for (unsigned i = 1; i <= 20; i++) {
			inject_freed = 0;
			g_of_fn = NULL;
			standin_newm(&thread_g, mstart);
			unit_await(&inject_freed, 1);
			unit_await(&ran, round * 40 + i);
			CHECK(g_of_fn == &thread_g);
		}
		for (size_t i = 0; i < UNIT_COUNTOF(taken); i++) {
			rcgo__thread_start_free(taken[i]);
		}
		for (unsigned i = 21; i <= 40; i++) {
			g_of_fn = NULL;
			standin_newm(&thread_g, mstart);
			unit_await(&ran, round * 40 + i);
			CHECK(g_of_fn == &thread_g);
		}
	}
}

static G many_g[200];
static unsigned seen[200];

static void
mstart_many(void)
{
	G *g = standin_getg();

	CHECK(g >= many_g && g < many_g + UNIT_COUNTOF(many_g));
	__atomic_fetch_add(&seen[g - many_g], 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

static void
start_more(void)
{
	G *g = standin_getg();
	size_t i = (size_t)(g - many_g);

	if (2 * i + 2 < UNIT_COUNTOF(many_g)) {
		standin_newm(&many_g[2 * i + 1], start_more);
		standin_newm(&many_g[2 * i + 2], start_more);
	}
	mstart_many();
}

// Threads start threads, each with its own g, and all of them end when fn returns.
TEST(many_threads_at_once)
{
	standin_start();
	standin_newm(&many_g[0], start_more);
	unit_await(&ran, 199);
	for (size_t i = 0; i < 199; i++) {
		CHECK_INT(seen[i], 1);
	}
	if (!unit_emulated() && !UNIT_TSAN) {
		for (int i = 0; i < 2000 && unit_threads() > 1; i++) {
			struct timespec ms = {.tv_nsec = 1000000};

			clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
		}
		CHECK_INT(unit_threads(), 1);
	}
}

static void *
library_thread(void *arg)
{
	CHECK(arg == NULL);
	mstart();
	return NULL;
}

TEST(thread_of_a_library)
{
	uint64_t mask = current_mask();

	x_cgo_sys_thread_create(library_thread);
	unit_await(&ran, 1);
	CHECK_INT(detach_state, PTHREAD_CREATE_DETACHED);
	CHECK(g_of_fn == NULL);
	CHECK_INT(standin_setg_calls, 0);
	CHECK_INT(current_mask(), mask);
	if (!unit_emulated()) {
		CHECK_INT(blocked, mask);
	}
}

// A transient failure: each start is retried until it works, and fn runs once.
TEST(a_start_that_fails_for_a_while)
{
	standin_start();
	inject_clock.on = true;
	for (unsigned failures = 0; failures < 45; failures++) {
		inject_arm(&inject_pthread_create, 0, failures, EAGAIN);
		inject_clock.sleeps = 0;
		standin_newm(&thread_g, mstart);
		unit_await(&ran, failures + 1);
		CHECK_INT(inject_pthread_create.calls, failures + 1);
		CHECK_INT(inject_clock.sleeps, failures);
	}
	inject_clock.on = false;
}

static sigset_t in_sleep_mask;
static sigset_t in_create_mask;

static void
note_sleep_mask(void)
{
	pthread_sigmask(SIG_SETMASK, NULL, &in_sleep_mask);
}

static void
note_create_mask(void)
{
	pthread_sigmask(SIG_SETMASK, NULL, &in_create_mask);
}

// Go's signals must reach the caller while it waits.
TEST(mask_is_open_between_tries)
{
	standin_start();
	inject_clock.on = true;
	inject_clock.in_sleep = note_sleep_mask;
	sigfillset(&in_sleep_mask);
	inject_arm(&inject_pthread_create, 0, 3, EAGAIN);
	standin_newm(&thread_g, mstart);
	unit_await(&ran, 1);
	CHECK_INT(inject_clock.sleeps, 3);
	for (int sig = 1; sig <= 64; sig++) {
		CHECK(sigismember(&in_sleep_mask, sig) != 1);
	}
	if (!unit_emulated() && !UNIT_TSAN) {
		CHECK_INT(blocked | LIBCS_OWN, ALL_BLOCKED);
	}
	inject_clock.on = false;
}

static void *
one_ran(void *arg)
{
	mstart();
	return arg;
}

// If libc cannot set the mask of a new thread, the thread inherits the creator's.
TEST(mask_is_inherited)
{
	struct rcgo_thread_attr plan;

	standin_start();
	inject_in_pthread_create = note_create_mask;
	rcgo__thread_attr_init(&plan, false);
	CHECK(!plan.block_signals);
	plan.block_signals = true;
	CHECK_INT(rcgo__thread_create(&plan, one_ran, NULL), 0);
	rcgo__thread_attr_destroy(&plan);
	CHECK_INT(sigismember(&in_create_mask, SIGPROF), 1);
	CHECK_INT(sigismember(&in_create_mask, SIGURG), 1);
	unit_await(&ran, 1);
	if (!unit_emulated() && !UNIT_TSAN) {
		CHECK_INT(blocked | LIBCS_OWN, ALL_BLOCKED);
	}
}

UNIT_MAIN(UNIT_TEST(thread_is_as_go_wants_it), UNIT_TEST(mask_of_the_caller_is_restored),
	UNIT_TEST(argument_is_copied_and_given_back), UNIT_TEST(many_threads_at_once),
	UNIT_TEST(thread_of_a_library), UNIT_TEST(a_start_that_fails_for_a_while),
	UNIT_TEST(mask_is_open_between_tries), UNIT_TEST(mask_is_inherited))
