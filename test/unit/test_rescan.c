// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the rescan: finds actions that bypassed our sigaction.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel_sigaction.h"
#include "interpose.h"
#include "signal_handling.h"
#include "sigset_tools.h"
#include "unit.h"

#define ALTERNATE_SIZE (256 * 1024)

static const int scanned[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGURG, SIGPROF};

static unsigned calls, on_alternate;

static void
note(int sig)
{
	stack_t now;

	(void)sig;
	calls++;
	sigaltstack(NULL, &now);
	on_alternate += (now.ss_flags & SS_ONSTACK) != 0;
}

static void
use_alternate(void)
{
	stack_t st = {.ss_size = ALTERNATE_SIZE, .ss_sp = malloc(ALTERNATE_SIZE)};

	CHECK_INT(sigaltstack(&st, NULL), 0);
}

// Installs an action as libc would, with a restorer, but without our wrapper.
static void
install(int sig, int flags)
{
	struct sigaction act = {.sa_handler = note, .sa_flags = flags};

	sigemptyset(&act.sa_mask);
	sigaddset(&act.sa_mask, SIGHUP);
	CHECK_INT(rcgo__libc_sigaction(sig, &act, NULL), 0);
}

static struct kernel_action
kernel(int sig)
{
	struct kernel_action act;

	CHECK_INT(kernel_sigaction(sig, NULL, &act), 0);
	return act;
}

TEST(wraps_actions_without_the_flag)
{
	struct sigaction seen;

	use_alternate();
	for (size_t i = 0; i < UNIT_COUNTOF(scanned); i++) {
		install(scanned[i], SA_RESTART);
	}
	install(SIGUSR1, 0);
	errno = 77;
	rcgo__signal_rescan();
	CHECK_INT(errno, 77);
	for (size_t i = 0; i < UNIT_COUNTOF(scanned); i++) {
		CHECK((kernel(scanned[i]).flags & SA_ONSTACK) != 0);
		CHECK(rcgo__action_slot_of(kernel(scanned[i]).handler) != NULL);
		CHECK_INT(rcgo__interpose_sigaction(scanned[i], NULL, &seen), 0);
		CHECK(seen.sa_handler == note);
		CHECK_INT((unsigned)seen.sa_flags & ~KERNEL_SA_RESTORER, SA_RESTART);
		CHECK_INT(bits_of_set(rcgo__sigmask_to_go(&seen.sa_mask)),
			(uint64_t)1 << (SIGHUP - 1));
		CHECK_INT(raise(scanned[i]), 0);
	}
	CHECK_INT(calls, UNIT_COUNTOF(scanned));
	CHECK_INT(on_alternate, 0);
	CHECK_INT(kernel(SIGUSR1).handler, (uintptr_t)note);
}

TEST(leaves_the_rest)
{
	struct kernel_action before[UNIT_COUNTOF(scanned)], after;

	use_alternate();
	install(SIGSEGV, SA_ONSTACK);
	CHECK(signal(SIGURG, SIG_IGN) != SIG_ERR);
	for (size_t i = 0; i < UNIT_COUNTOF(scanned); i++) {
		before[i] = kernel(scanned[i]);
	}
	rcgo__signal_rescan();
	for (size_t i = 0; i < UNIT_COUNTOF(scanned); i++) {
		after = kernel(scanned[i]);
		CHECK(memcmp(&before[i], &after, sizeof after) == 0);
	}
}

TEST(modes)
{
	rcgo__interpose_set_mode(RCGO_INTERPOSE_OFF);
	install(SIGBUS, 0);
	rcgo__signal_rescan();
	CHECK((kernel(SIGBUS).flags & SA_ONSTACK) == 0);
	rcgo__interpose_set_mode(RCGO_INTERPOSE_ONSTACK);
	rcgo__signal_rescan();
	CHECK((kernel(SIGBUS).flags & SA_ONSTACK) != 0);
	CHECK_INT(kernel(SIGBUS).handler, (uintptr_t)note);
}

TEST(once_is_once)
{
	use_alternate();
	install(SIGTRAP, (int)SA_RESETHAND);
	rcgo__signal_rescan();
	CHECK_INT(raise(SIGTRAP), 0);
	CHECK_INT(calls, 1);
	CHECK_INT(on_alternate, 0);
	CHECK_INT(kernel(SIGTRAP).handler, 0);
}

static void
other(int sig)
{
	note(sig);
}

static void *
rescan_repeatedly(void *end)
{
	while (!__atomic_load_n((bool *)end, __ATOMIC_ACQUIRE)) {
		rcgo__signal_rescan();
	}
	return NULL;
}

// Threads rescan while another one installs an action: finally, C's action is wrapped.
TEST(many_sweep)
{
	struct sigaction act = {.sa_flags = 0}, seen;
	pthread_t threads[3];
	bool end = false;

	use_alternate();
	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		CHECK_INT(pthread_create(&threads[i], NULL, rescan_repeatedly, &end), 0);
	}
	for (int i = 0; i < 3000; i++) {
		act.sa_handler = i % 2 == 0 ? note : other;
		CHECK_INT(rcgo__libc_sigaction(SIGPROF, &act, NULL), 0);
	}
	__atomic_store_n(&end, true, __ATOMIC_RELEASE);
	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		pthread_join(threads[i], NULL);
	}
	CHECK_INT(rcgo__interpose_sigaction(SIGPROF, NULL, &seen), 0);
	CHECK(seen.sa_handler == other || seen.sa_handler == note);
	CHECK_INT(raise(SIGPROF), 0);
	CHECK_INT(calls, 1);
	CHECK_INT(on_alternate, 0);
}

static bool
rescans(bool is_foreign)
{
	install(SIGURG, SA_RESTART);
	rcgo__signal_rescan_ratelimited(is_foreign);
	return rcgo__action_slot_of(kernel(SIGURG).handler) != NULL;
}

// The first threads that Go starts do not rescan. The first call from C does, and then no thread
// for a second.
TEST(at_most_once_a_second)
{
	struct timespec second = {.tv_sec = 1, .tv_nsec = 50 * 1000 * 1000};

	use_alternate();
	CHECK(!rescans(false));
	CHECK(!rescans(false));
	CHECK(rescans(true));
	for (int i = 0; i < 1000; i++) {
		CHECK(!rescans(i % 2 == 0));
	}
	nanosleep(&second, NULL);
	CHECK(rescans(false));
	CHECK(!rescans(true));
	nanosleep(&second, NULL);
	CHECK(rescans(true));
}

static void (*shown)(int, siginfo_t *, void *);
static uint64_t mask_inside;
static volatile unsigned seeds[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static uint64_t
mask_now(void)
{
	sigset_t set;

	sigprocmask(SIG_SETMASK, NULL, &set);
	return bits_of_set(rcgo__sigmask_to_go(&set));
}

static void
note_mask(int sig)
{
	note(sig);
	mask_inside = mask_now();
}

// A handler that needs its registers and its mask after the call.
static void
chain(int sig, siginfo_t *info, void *context)
{
	unsigned a = seeds[0], b = seeds[1], c = seeds[2], d = seeds[3], e = seeds[4], f = seeds[5];
	uint64_t mask = mask_now();

	shown(sig, info, context);
	CHECK_INT(mask_now(), mask);
	CHECK(a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6);
	CHECK_INT(mask_inside, mask);
}

// Code that asks the kernel directly gets a trampoline, and may call it from a handler of its own.
TEST(a_stub_is_called)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO | SA_ONSTACK}, old;
	struct sigaction first = {.sa_handler = note_mask};

	use_alternate();
	CHECK_INT(rcgo__interpose_sigaction(SIGUSR1, &first, NULL), 0);
	act.sa_sigaction = chain;
	sigaddset(&act.sa_mask, SIGTERM);
	CHECK_INT(rcgo__libc_sigaction(SIGUSR1, &act, &old), 0);
	shown = old.sa_sigaction;
	CHECK(rcgo__action_slot_of((uintptr_t)shown) != NULL);
	CHECK_INT(raise(SIGUSR1), 0);
	CHECK_INT(calls, 1);
	CHECK_INT(on_alternate, 1);
	// A one-shot handler is still called, and the handler that calls it stays installed.
	first.sa_flags = (int)SA_RESETHAND;
	CHECK_INT(rcgo__interpose_sigaction(SIGSEGV, &first, NULL), 0);
	CHECK_INT(rcgo__libc_sigaction(SIGSEGV, &act, &old), 0);
	shown = old.sa_sigaction;
	CHECK_INT(raise(SIGSEGV), 0);
	CHECK_INT(calls, 2);
	CHECK_INT(kernel(SIGSEGV).handler, (uintptr_t)chain);
}

UNIT_MAIN(UNIT_TEST(a_stub_is_called), UNIT_TEST(wraps_actions_without_the_flag),
	UNIT_TEST(leaves_the_rest), UNIT_TEST(modes), UNIT_TEST(once_is_once),
	UNIT_TEST(many_sweep), UNIT_TEST(at_most_once_a_second))
