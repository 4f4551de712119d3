// SPDX-License-Identifier: BSD-3-Clause
// Unwind: from handlers and through the kernel's signal frames, with and without known stack
// bounds.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // pthread_getattr_np
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "unit_unwind.h"

static void
on_signal(int sig, siginfo_t *info, void *uc)
{
	(void)info;
	errno = 77;
	ours.n = rcgo__unwind_from_handler(uc, known, ours.pc, UNIT_UNWIND_MAX);
	CHECK_INT(errno, 77);
	CHECK(sig == SIGUSR1);
	theirs.n = 0;
	_Unwind_Backtrace(store, &theirs);
}

static void
raise_it(void)
{
	CHECK_INT(raise(SIGUSR1), 0);
}

static void
catch_it(int flags)
{
	static char other[65536];
	stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | flags};

	if ((flags & SA_ONSTACK) != 0) {
		CHECK_INT(sigaltstack(&stack, NULL), 0);
	}
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
}

UNWIND_TEST(from_a_handler)
{
	catch_it(0);
	through_libc(raise_it);
	check_tail(25);
}

UNWIND_TEST(from_a_handler_on_its_own_stack)
{
	catch_it(SA_ONSTACK);
	through_libc(raise_it);
	check_tail(25);
}

// Unwinds from a handler through the kernel's frame to the interrupted code.
static void
on_signal_here(int sig)
{
	(void)sig;
	walk_both();
}

static void
raise_other(void)
{
	CHECK_INT(raise(SIGUSR2), 0);
}

static void
through_a_signal(int flags)
{
	struct sigaction act = {.sa_handler = on_signal_here, .sa_flags = flags};

	catch_it(flags);
	CHECK_INT(sigaction(SIGUSR2, &act, NULL), 0);
	through_libc(raise_other);
	check_tail(26);
}

UNWIND_TEST(through_a_signal_frame)
{
	through_a_signal(0);
	through_a_signal(SA_ONSTACK);
}

static void *
thread_body(void *arg)
{
	struct rcgo_stack_bounds stack;
	pthread_attr_t attr;
	void *at;
	size_t size;

	(void)arg;
	CHECK_INT(pthread_getattr_np(pthread_self(), &attr), 0);
	CHECK_INT(pthread_attr_getstack(&attr, &at, &size), 0);
	pthread_attr_destroy(&attr);
	stack = (struct rcgo_stack_bounds){.lo = (uintptr_t)at, .hi = (uintptr_t)at + size};
	known = &stack;
	through_libc(walk_both);
	check_tail(24);
	catch_it(0);
	through_libc(raise_it);
	check_tail(25);
	known = NULL;
	return NULL;
}

UNWIND_TEST(known_bounds)
{
	pthread_t thread;

	CHECK_INT(pthread_create(&thread, NULL, thread_body, NULL), 0);
	CHECK_INT(pthread_join(thread, NULL), 0);
}

UNIT_MAIN(UNIT_TEST(from_a_handler), UNIT_TEST(from_a_handler_on_its_own_stack),
	UNIT_TEST(through_a_signal_frame), UNIT_TEST(known_bounds))
