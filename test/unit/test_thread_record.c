// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: thread records: which threads have one, its content, and its end.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "thread_record.h"
#include "unit.h"

static struct rcgo_thread_record *
check_record(enum rcgo_thread_kind kind)
{
	struct rcgo_thread_record *r = rcgo__thread_record();
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	pthread_attr_t attr;
	void *lo;
	size_t size;

	CHECK(r != NULL);
	CHECK_INT(r->kind, kind);
	CHECK(here >= r->stack_lo && here < r->stack_hi);
	CHECK(r->alt_c_stack_lo == 0 && r->alt_c_stack_hi == 0);
	CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_INT(pthread_attr_getstack(&attr, &lo, &size), 0);
	pthread_attr_destroy(&attr);
	if (!unit_emulated()) {
		CHECK_INT(r->stack_lo, (uintptr_t)lo);
		CHECK(r->stack_hi >= (uintptr_t)lo + size);
	}
	return r;
}

TEST(none_before_go_starts)
{
	CHECK(rcgo__thread_record() == NULL);
	CHECK(rcgo__thread_record_make(RCGO_THREAD_FOREIGN) == NULL);
}

TEST(the_first_thread)
{
	standin_rt0();
	check_record(RCGO_THREAD_FIRST);
}

static struct rcgo_thread_record *seen;

static void *
foreign(void *arg)
{
	CHECK(rcgo__thread_record() == NULL);
	standin_export(NULL, NULL);
	seen = check_record(RCGO_THREAD_FOREIGN);
	CHECK(seen->g != NULL);
	// The record stays the same.
	CHECK(rcgo__thread_record_make(RCGO_THREAD_FOREIGN) == seen);
	return arg;
}

static void
run(void *(*f)(void *), size_t stack)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	CHECK_INT(pthread_attr_setstacksize(&attr, stack), 0);
	CHECK_INT(pthread_create(&t, &attr, f, NULL), 0);
	pthread_attr_destroy(&attr);
	CHECK_INT(pthread_join(t, NULL), 0);
}

TEST(a_thread_of_c_and_its_end)
{
	struct rcgo_thread_record *first;

	standin_start();
	run(foreign, 1 << 20);
	first = seen;
	// The slot is free again, so short-lived threads take no memory.
	for (size_t i = 0; i < 1000; i++) {
		run(foreign, (i % 4 + 1) << 19);
		CHECK(seen == first);
	}
}

static void
run_with(const pthread_attr_t *attr)
{
	pthread_t t;

	CHECK_INT(pthread_create(&t, attr, foreign, NULL), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
}

// The bounds of later threads are not asked of libc, so they are compared for stacks of each kind.
TEST(stacks_without_a_guard_area_and_of_the_program)
{
	static _Alignas(65536) char own[4][1 << 18];
	pthread_attr_t attr;

	standin_start();
	for (size_t i = 0; i < 100; i++) {
		pthread_attr_init(&attr);
		if (i % 5 == 1) {
			CHECK_INT(pthread_attr_setguardsize(&attr, 0), 0);
		} else if (i % 5 == 2) {
			CHECK_INT(pthread_attr_setguardsize(&attr, (i + 1) << 12), 0);
		} else if (i % 5 == 3) {
			size_t size = sizeof own[0] - 64 * i;

			CHECK_INT(pthread_attr_setstack(&attr, own[i % 4], size), 0);
		}
		run_with(&attr);
		pthread_attr_destroy(&attr);
	}
}

#define MANY 150
static unsigned up, go_on;
static struct rcgo_thread_record *many[MANY];

static void *
foreign_at_once(void *arg)
{
	unsigned i;

	standin_export(NULL, NULL);
	i = __atomic_fetch_add(&up, 1, __ATOMIC_ACQ_REL);
	many[i] = check_record(RCGO_THREAD_FOREIGN);
	many[i]->alt_c_stack_hi = i + 1;
	unit_await(&go_on, 1);
	CHECK_INT(many[i]->alt_c_stack_hi, i + 1);
	return arg;
}

TEST(many_threads_of_c)
{
	pthread_t t[MANY];
	pthread_attr_t attr;

	standin_start();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 18);
	for (int i = 0; i < MANY; i++) {
		CHECK_INT(pthread_create(&t[i], &attr, foreign_at_once, NULL), 0);
	}
	unit_await(&up, MANY);
	__atomic_store_n(&go_on, 1, __ATOMIC_RELEASE);
	for (int i = 0; i < MANY; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
}

static unsigned ran;
static G gs[8];

static void
mstart(void)
{
	check_record(RCGO_THREAD_GO);
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

TEST(threads_of_go)
{
	standin_start();
	for (unsigned i = 0; i < UNIT_COUNTOF(gs); i++) {
		standin_newm(&gs[i], mstart);
		unit_await(&ran, i + 1);
	}
}

TEST(a_thread_of_go_at_another_default_size)
{
	pthread_attr_t attr;

	standin_start();
	standin_newm(&gs[0], mstart);
	unit_await(&ran, 1);
	pthread_attr_init(&attr);
	CHECK_INT(pthread_attr_setstacksize(&attr, 20 << 20), 0);
	CHECK_INT(pthread_setattr_default_np(&attr), 0);
	standin_newm(&gs[1], mstart);
	unit_await(&ran, 2);
}

static void
mstart_and_exit(void)
{
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
	pthread_exit(NULL);
}

// C may end a Go thread; libc then reuses the memory of its record.
TEST(a_thread_of_go_that_c_ends)
{
	standin_start();
	for (unsigned i = 0; i < UNIT_COUNTOF(gs); i++) {
		standin_newm(&gs[i], mstart_and_exit);
		unit_await(&ran, i + 1);
	}
	for (int i = 0; i < 2000 && !unit_emulated() && !UNIT_TSAN && unit_threads() > 1; i++) {
		struct timespec ms = {.tv_nsec = 1000000};

		clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
	}
	CHECK_INT(standin_crosscall2.calls, 0);
}

static unsigned in_handler;
static const struct rcgo_thread_record *of_handler;

static void
on_signal(int sig)
{
	(void)sig;
	of_handler = rcgo__thread_record();
	in_handler++;
}

TEST(in_a_handler)
{
	const struct rcgo_thread_record *own;

	standin_start();
	own = rcgo__thread_record();
	signal(SIGUSR1, on_signal);
	unit_stress_start(SIGUSR1);
	while (unit_stress_lasts(&in_handler)) {
		CHECK(in_handler == 0 || of_handler == own);
	}
	unit_stress_stop();
}

static void *
without_memory(void *arg)
{
	inject_arm(&inject_mmap, 0, INJECT_FOR_EVER, ENOMEM);
	errno = 7;
	x_cgo_bindm(&ran);
	CHECK_INT(errno, 7);
	CHECK(rcgo__thread_record() == NULL);
	return arg;
}

TEST(no_memory_is_no_end)
{
	x_cgo_notify_runtime_init_done(NULL);
	inject_arm(&inject_mmap, 0, INJECT_FOR_EVER, ENOMEM);
	standin_rt0();
	run(without_memory, 1 << 20);
	CHECK_INT(standin_crosscall2.calls, 0);
}

UNIT_MAIN(UNIT_TEST(none_before_go_starts), UNIT_TEST(the_first_thread),
	UNIT_TEST(a_thread_of_c_and_its_end),
	UNIT_TEST(stacks_without_a_guard_area_and_of_the_program), UNIT_TEST(many_threads_of_c),
	UNIT_TEST(threads_of_go), UNIT_TEST(a_thread_of_go_at_another_default_size),
	UNIT_TEST(a_thread_of_go_that_c_ends), UNIT_TEST(in_a_handler),
	UNIT_TEST(no_memory_is_no_end))
