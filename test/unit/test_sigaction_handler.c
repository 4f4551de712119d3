// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: x_cgo_sigaction inside handlers, with a timer of one millisecond, while other
// threads do the same; and handlers that were installed this way are called correctly.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "go_standin.h"
#include "kernel_sigaction.h"
#include "sigset_tools.h"
#include "unit.h"

static unsigned ticks;
static unsigned bad;

// A handler may not call unit_fail, so it counts errors.
static void
in_handler(int sig, siginfo_t *info, void *context)
{
	go_sigaction_t act = {.handler = 0x1000, .flags = SA_SIGINFO, .mask = set_of_bits(0xff)};
	go_sigaction_t old;
	int saved = errno;

	(void)sig;
	(void)info;
	(void)context;
	for (int i = 0; i < 20; i++) {
		act.handler = 0x1000 + (unsigned)i;
		if (x_cgo_sigaction(SIGUSR1, &act, &old) != 0 || bits_of_set(old.mask) != 0xff ||
			old.handler < 0x1000 || old.handler >= 0x1000 + 20 || errno != saved) {
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		}
	}
	__atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

static void
install(int sig, void (*handler)(int, siginfo_t *, void *), unsigned long flags, uint64_t mask)
{
	go_sigaction_t act = {.handler = (uintptr_t)handler,
		.flags = flags | SA_SIGINFO,
		.mask = set_of_bits(mask)};

	CHECK_INT(x_cgo_sigaction(sig, &act, NULL), 0);
}

static void *
under_stress(void *arg)
{
	unsigned rounds = 0;

	unit_stress_start(SIGUSR2);
	do {
		go_sigaction_t act = {
			.handler = 0x1000, .flags = SA_SIGINFO, .mask = set_of_bits(0xff)};
		go_sigaction_t old;

		errno = 77;
		CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, &old), 0);
		CHECK_INT(errno, 77);
		CHECK_INT(bits_of_set(old.mask), 0xff);
		CHECK_INT(old.flags & ~KERNEL_SA_RESTORER, SA_SIGINFO);
		rounds++;
	} while (unit_stress_lasts(&ticks));
	unit_stress_stop();
	CHECK(rounds > 20);
	return arg;
}

TEST(in_handlers_under_a_timer_on_two_threads)
{
	go_sigaction_t act = {.handler = 0x1000, .flags = SA_SIGINFO, .mask = set_of_bits(0xff)};
	pthread_t t[2];

	// Before Go is initialized, as libpreinit does.
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, NULL), 0);
	install(SIGUSR2, in_handler, SA_RESTART, 0);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, under_stress, NULL), 0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
	CHECK_INT(bad, 0);
}

static siginfo_t got_info;
static unsigned calls;
static uint64_t mask_inside;
static bool on_alternate_stack;
static char *stack;
#define STACK_SIZE 65536

static void
note(int sig, siginfo_t *info, void *context)
{
	// The address of a variable will not do: ASan may keep variables elsewhere.
	const char *here = __builtin_frame_address(0);
	sigset_t mask;

	(void)context;
	got_info = *info;
	got_info.si_signo = sig;
	calls++;
	on_alternate_stack = here >= stack && here < stack + STACK_SIZE;
	sigprocmask(SIG_SETMASK, NULL, &mask);
	memcpy(&mask_inside, &mask, sizeof mask_inside);
}

static uint64_t
bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

TEST(handlers_get_what_was_asked_for)
{
	union sigval value = {.sival_int = 4711};
	struct kernel_action kernel;
	stack_t alternate;

	if (UNIT_TSAN) {
		unit_skip("TSAN delivers signals later, and on another stack");
	}
	stack = malloc(STACK_SIZE);
	alternate = (stack_t){.ss_sp = stack, .ss_size = STACK_SIZE};
	CHECK_INT(sigaltstack(&alternate, NULL), 0);
	install(SIGUSR1, note, SA_ONSTACK | SA_RESTART, bit(SIGUSR2) | bit(SIGTERM));
	CHECK_INT(sigqueue(getpid(), SIGUSR1, value), 0);
	CHECK_INT(calls, 1);
	CHECK_INT(got_info.si_signo, SIGUSR1);
	CHECK_INT(got_info.si_value.sival_int, 4711);
	CHECK(on_alternate_stack);
	CHECK_INT(mask_inside & (bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGTERM) | bit(SIGHUP)),
		bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGTERM));
	// Not on the alternate stack, without SA_NODEFER, and one-shot.
	install(SIGUSR1, note, SA_NODEFER | (unsigned long)(unsigned)SA_RESETHAND, 0);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 2);
	CHECK(!on_alternate_stack);
	CHECK_INT(mask_inside & bit(SIGUSR1), 0);
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &kernel), 0);
	CHECK_INT(kernel.handler, (uintptr_t)SIG_DFL);
	alternate.ss_flags = SS_DISABLE;
	CHECK_INT(sigaltstack(&alternate, NULL), 0);
	free(stack);
}

TEST(handlers_return)
{
	install(SIGUSR1, note, 0, ~(uint64_t)0);
	for (unsigned i = 1; i <= 1000; i++) {
		CHECK_INT(raise(SIGUSR1), 0);
		CHECK_INT(calls, i);
	}
}

UNIT_MAIN(UNIT_TEST(in_handlers_under_a_timer_on_two_threads),
	UNIT_TEST(handlers_get_what_was_asked_for), UNIT_TEST(handlers_return))
