// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, interposition: which signals the kernel blocks for relocated handlers, and that
// two of them never run on the alternate stack at once.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel_sigaction.h"
#include "interpose.h"
#include "libc_signal.h"
#include "signal_handling.h"
#include "sigset_tools.h"
#include "unit.h"

#define ALTERNATE_SIZE (256 * 1024)
// All signals but SIGKILL and SIGSTOP, which the kernel removes from masks, and those that libc
// reserves.
#define ALL (~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1) | LIBC_MASK))

// cmocka installs relocatable handlers for these signals: all masks here block them.
#define BASE                                                                 \
	((uint64_t)1 << (SIGFPE - 1) | (uint64_t)1 << (SIGILL - 1) |         \
		(uint64_t)1 << (SIGSEGV - 1) | (uint64_t)1 << (SIGBUS - 1) | \
		(uint64_t)1 << (SIGSYS - 1))

static __thread char *alternate;
static unsigned calls, on_alternate, wrong_mask;
// For each signal, the signals that its handler must see blocked, of those in this test.
static uint64_t want_inside[65], among;

static uint64_t
bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

static void
use_alternate(void)
{
	stack_t st = {.ss_size = ALTERNATE_SIZE};

	alternate = malloc(ALTERNATE_SIZE);
	st.ss_sp = alternate;
	CHECK_INT(rcgo__libc_sigaltstack(&st, NULL), 0);
}

static void
handler(int sig)
{
	const char *here = __builtin_frame_address(0);
	sigset_t mask;
	uint64_t inside;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	memcpy(&inside, &mask, sizeof inside);
	__atomic_fetch_add(&calls, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&on_alternate, here >= alternate && here < alternate + ALTERNATE_SIZE,
		__ATOMIC_RELAXED);
	__atomic_fetch_add(&wrong_mask, (inside & among & want_inside[sig]) != want_inside[sig],
		__ATOMIC_RELAXED);
}

static void
install(int sig, int flags, uint64_t mask)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags}, now;

	mask |= BASE;
	memcpy(&act.sa_mask, &mask, sizeof mask);
	__atomic_store_n(&want_inside[sig], mask | ((flags & SA_NODEFER) != 0 ? 0 : bit(sig)),
		__ATOMIC_RELAXED);
	CHECK_INT(rcgo__interpose_sigaction(sig, &act, NULL), 0);
	CHECK_INT(rcgo__interpose_sigaction(sig, NULL, &now), 0);
	CHECK_INT(bits_of_set(rcgo__sigmask_to_go(&now.sa_mask)), mask);
	CHECK_INT((unsigned)now.sa_flags & ~KERNEL_SA_RESTORER, (unsigned)flags);
	among = ~UINT64_C(0);
}

// Returns the kernel's mask for sig.
static uint64_t
kernels(int sig)
{
	struct kernel_action kernel;

	CHECK_INT(kernel_sigaction(sig, NULL, &kernel), 0);
	CHECK_INT(kernel.flags & (RCGO_NATIVE_MASK | SA_ONSTACK), SA_ONSTACK);
	return kernel.mask & ALL;
}

static void
check_calls(unsigned n)
{
	CHECK_INT(calls, n);
	CHECK_INT(on_alternate, 0);
	CHECK_INT(wrong_mask, 0);
}

TEST(alone)
{
	use_alternate();
	install(SIGUSR1, 0, bit(SIGHUP));
	CHECK_INT(kernels(SIGUSR1), BASE | bit(SIGHUP));
	install(SIGUSR1, SA_RESTART, 0);
	CHECK_INT(kernels(SIGUSR1), BASE);
	raise(SIGUSR1);
	check_calls(1);
}

// Two pending signals are delivered together: the second interrupts the first handler at its first
// instruction.
static void
raise_together(int one, int other)
{
	sigset_t both, before;

	sigemptyset(&both);
	sigaddset(&both, one);
	sigaddset(&both, other);
	pthread_sigmask(SIG_BLOCK, &both, &before);
	raise(one);
	raise(other);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

TEST(another_joins)
{
	use_alternate();
	install(SIGUSR1, 0, 0);
	CHECK_INT(kernels(SIGUSR1), BASE);
	install(SIGUSR2, 0, 0);
	CHECK_INT(kernels(SIGUSR1), ALL);
	CHECK_INT(kernels(SIGUSR2), ALL);
	raise_together(SIGUSR1, SIGUSR2);
	check_calls(2);
	// A handler that is not relocated does not count.
	install(SIGUSR2, SA_ONSTACK, 0);
	install(SIGUSR1, 0, 0);
	CHECK_INT(kernels(SIGUSR2), BASE);
}

TEST(others_on_the_alternate_stack)
{
	use_alternate();
	install(SIGUSR2, SA_ONSTACK, 0);
	install(SIGUSR1, 0, 0);
	CHECK_INT(kernels(SIGUSR1), BASE);
	raise_together(SIGUSR1, SIGUSR2);
	CHECK_INT(calls, 2);
	CHECK_INT(on_alternate, 1);
	CHECK_INT(wrong_mask, 0);
}

TEST(masks_that_hold_off_the_other)
{
	use_alternate();
	install(SIGUSR1, 0, bit(SIGUSR2));
	install(SIGUSR2, 0, bit(SIGUSR1) | bit(SIGTERM));
	CHECK_INT(kernels(SIGUSR1), BASE | bit(SIGUSR2));
	CHECK_INT(kernels(SIGUSR2), BASE | bit(SIGUSR1) | bit(SIGTERM));
	raise_together(SIGUSR1, SIGUSR2);
	check_calls(2);
	install(SIGTERM, 0, 0);
	CHECK_INT(kernels(SIGUSR1), ALL);
	CHECK_INT(kernels(SIGUSR2), BASE | bit(SIGUSR1) | bit(SIGTERM));
	raise_together(SIGUSR2, SIGTERM);
	check_calls(4);
}

TEST(handlers_that_can_be_entered_anew)
{
	use_alternate();
	install(SIGUSR1, SA_NODEFER, 0);
	CHECK_INT(kernels(SIGUSR1), ALL);
	install(SIGUSR1, (int)SA_RESETHAND, 0);
	CHECK_INT(kernels(SIGUSR1), ALL);
	install(SIGUSR1, 0, 0);
	CHECK_INT(kernels(SIGUSR1), BASE);
	// Signals for which Go's handler may have to run first.
	install(SIGSEGV, 0, bit(SIGUSR1));
	CHECK_INT(kernels(SIGSEGV), ALL);
}

TEST(a_small_alternate_stack)
{
	char small[8192];
	stack_t st = {.ss_sp = small, .ss_size = sizeof small, .ss_flags = SS_DISABLE};

	install(SIGUSR1, 0, 0);
	rcgo__interpose_note_altstack(&st);
	CHECK_INT(kernels(SIGUSR1), BASE);
	st.ss_flags = 0;
	rcgo__interpose_note_altstack(&st);
	CHECK_INT(kernels(SIGUSR1), ALL);
	install(SIGUSR2, 0, 0);
	CHECK_INT(kernels(SIGUSR2), ALL);
}

static void *
install_over_and_over(void *sig)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct sigaction act = {.sa_handler = handler};
		uint64_t mask = BASE | (i % 3 == 0 ? bit(SIGHUP) : 0);

		memcpy(&act.sa_mask, &mask, sizeof mask);
		if (i % 5 == 4) {
			act.sa_handler = SIG_IGN;
		}
		rcgo__interpose_sigaction((int)(uintptr_t)sig, &act, NULL);
	}
	return NULL;
}

// In any order of installation, finally neither can interrupt the other's trampoline.
TEST(two_come_at_once)
{
	static const int signals[] = {SIGUSR1, SIGUSR2};
	pthread_t threads[2];

	for (int i = 0; i < 2; i++) {
		CHECK_INT(pthread_create(&threads[i], NULL, install_over_and_over,
				  (void *)(uintptr_t)signals[i]),
			0);
	}
	for (int i = 0; i < 2; i++) {
		CHECK_INT(pthread_join(threads[i], NULL), 0);
	}
	install(SIGUSR1, 0, 0);
	install(SIGUSR2, 0, 0);
	CHECK_INT(kernels(SIGUSR1), ALL);
	CHECK_INT(kernels(SIGUSR2), ALL);
}

// Many signals for a handler that stays on the alternate stack interrupt a relocated one.
TEST(in_a_stress)
{
	use_alternate();
	install(SIGUSR1, 0, bit(SIGHUP));
	install(SIGUSR2, SA_ONSTACK | SA_RESTART, 0);
	unit_stress_start(SIGUSR2);
	do {
		// A signal between two of these reads adds to the count below.
		unsigned all = __atomic_load_n(&calls, __ATOMIC_SEQ_CST);
		unsigned before = __atomic_load_n(&on_alternate, __ATOMIC_SEQ_CST);

		for (int i = 0; i < 100; i++) {
			raise(SIGUSR1);
		}
		unsigned after = __atomic_load_n(&on_alternate, __ATOMIC_SEQ_CST);

		// All handlers but that one ran on C's stack.
		CHECK(__atomic_load_n(&calls, __ATOMIC_SEQ_CST) - all - (after - before) >= 100);
	} while (unit_stress_lasts(&on_alternate));
	unit_stress_stop();
	CHECK_INT(wrong_mask, 0);
	CHECK_INT(kernels(SIGUSR1), BASE | bit(SIGHUP));
}

UNIT_MAIN(UNIT_TEST(alone), UNIT_TEST(another_joins), UNIT_TEST(others_on_the_alternate_stack),
	UNIT_TEST(masks_that_hold_off_the_other), UNIT_TEST(handlers_that_can_be_entered_anew),
	UNIT_TEST(a_small_alternate_stack), UNIT_TEST(two_come_at_once), UNIT_TEST(in_a_stress))
