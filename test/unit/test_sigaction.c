// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what x_cgo_sigaction writes into the kernel's table, and what it reports.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "go_standin.h"
#include "inject.h"
#include "kernel_sigaction.h"
#include "sigset_tools.h"
#include "unit.h"

// Any address works: these signals are never sent.
#define SOME_HANDLER ((uintptr_t)0x12345670)

static const unsigned long all_flags[] = {SA_NOCLDSTOP, SA_NOCLDWAIT, SA_SIGINFO, SA_ONSTACK,
	SA_RESTART, SA_NODEFER, (unsigned long)(unsigned)SA_RESETHAND};

static bool
settable(int sig)
{
	// qemu-user reserves some real-time signals.
	return sig >= 1 && sig <= 64 && sig != SIGKILL && sig != SIGSTOP && sig != 32 &&
	       sig != 33 && !(unit_emulated() && (sig > 60 || sig == SIGSEGV || sig == SIGBUS));
}

static unsigned long
flags_of(unsigned bits)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < UNIT_COUNTOF(all_flags); i++) {
		flags |= (bits >> i & 1) != 0 ? all_flags[i] : 0;
	}
	return flags;
}

// The mask that the kernel stores: SIGKILL and SIGSTOP cannot be blocked, and libc hides its own
// signals.
static uint64_t
kept(uint64_t mask)
{
	// qemu-user keeps these two in its table.
	return unit_emulated()
		       ? mask & ~LIBC_MASK
		       : mask & ~LIBC_MASK &
				 ~((uint64_t)1 << (SIGKILL - 1) | (uint64_t)1 << (SIGSTOP - 1));
}

static void
check_set(int sig, uintptr_t handler, unsigned long flags, uint64_t mask)
{
	go_sigaction_t act = {.handler = handler, .flags = flags, .mask = set_of_bits(mask)};
	go_sigaction_t copy = act;
	go_sigaction_t old;
	struct kernel_action kernel;

	errno = 77;
	CHECK_INT(x_cgo_sigaction(sig, &act, NULL), 0);
	CHECK(memcmp(&act, &copy, sizeof act) == 0);
	CHECK_INT(kernel_sigaction(sig, NULL, &kernel), 0);
	CHECK_INT(kernel.handler, handler);
	CHECK_INT((unsigned)kernel.flags & ~KERNEL_SA_RESTORER, flags & ~KERNEL_SA_RESTORER);
	CHECK_INT(kernel.mask, kept(mask));
	memset(&old, 0xa5, sizeof old);
	CHECK_INT(x_cgo_sigaction(sig, NULL, &old), 0);
	CHECK_INT(old.handler, handler);
	CHECK_INT(old.flags & ~KERNEL_SA_RESTORER, flags & ~KERNEL_SA_RESTORER);
	CHECK_INT(bits_of_set(old.mask), kept(mask));
	CHECK_INT(errno, 77);
}

TEST(every_signal)
{
	for (int sig = 1; sig <= 64; sig++) {
		if (settable(sig)) {
			check_set(sig, SOME_HANDLER, SA_SIGINFO, 0);
			check_set(sig, SOME_HANDLER, SA_SIGINFO | SA_ONSTACK | SA_RESTART,
				~(uint64_t)0);
			check_set(sig, (uintptr_t)SIG_IGN, 0, 0);
			check_set(sig, (uintptr_t)SIG_DFL, 0, 0);
		}
	}
}

TEST(every_combination_of_flags)
{
	for (unsigned bits = 0; bits < 1U << UNIT_COUNTOF(all_flags); bits++) {
		check_set(SIGUSR1, SOME_HANDLER, flags_of(bits), unit_random());
		check_set(SIGUSR1, SOME_HANDLER, flags_of(bits) | KERNEL_SA_RESTORER, 0);
	}
}

TEST(every_signal_in_the_mask)
{
	for (int i = 0; i < 64; i++) {
		check_set(SIGUSR1, SOME_HANDLER, 0, (uint64_t)1 << i);
		check_set(SIGUSR1, SOME_HANDLER, 0, ~((uint64_t)1 << i));
	}
	for (int i = 0; i < 1000; i++) {
		check_set(SIGUSR2, SOME_HANDLER, 0, unit_random());
	}
}

// On amd64 the kernel rejects a handler without a restorer. It must be libc's restorer, not Go's.
TEST(restorer_is_libcs)
{
	struct sigaction libc = {.sa_handler = SIG_IGN};
	struct kernel_action want, got;
	go_sigaction_t act = {
		.handler = SOME_HANDLER, .flags = KERNEL_SA_RESTORER, .restorer = 0xdeadbeef};

	CHECK_INT(sigaction(SIGUSR1, &libc, NULL), 0);
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &want), 0);
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, NULL), 0);
	CHECK_INT(inject_sa_flags & (int)KERNEL_SA_RESTORER, 0);
	CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &got), 0);
	CHECK_INT(got.flags, want.flags);
	if ((want.flags & KERNEL_SA_RESTORER) != 0) {
		CHECK_INT(got.restorer, want.restorer);
	}
}

__attribute__((noinline)) static void
dirty_stack(void)
{
	unsigned char junk[8192];

	memset(junk, 0xa5, sizeof junk);
	__asm__ volatile("" : : "r"(junk) : "memory");
}

// An action that was installed without libc, or by Go's own system call, is reported unchanged: Go
// may install it again, with its restorer.
TEST(reports_what_was_set_raw)
{
	for (int i = 0; i < 500; i++) {
		struct kernel_action act = {.handler = SOME_HANDLER + (unsigned)i,
			.flags = flags_of((unsigned)unit_random()) | KERNEL_SA_RESTORER,
			.restorer = 0x7654320,
			.mask = unit_random()};
		struct kernel_action kernel;
		go_sigaction_t old;

		CHECK_INT(kernel_sigaction(SIGUSR1, &act, NULL), 0);
		CHECK_INT(kernel_sigaction(SIGUSR1, NULL, &kernel), 0);
		memset(&old, 0xa5, sizeof old);
		dirty_stack();
		CHECK_INT(x_cgo_sigaction(SIGUSR1, NULL, &old), 0);
		CHECK_INT(old.handler, kernel.handler);
		CHECK_INT(old.flags, kernel.flags);
		CHECK_INT(bits_of_set(old.mask), kernel.mask);
		CHECK_INT(old.restorer, kernel.restorer);
	}
}

TEST(sets_and_reports_at_once)
{
	go_sigaction_t act = {
		.handler = SOME_HANDLER, .flags = SA_SIGINFO, .mask = set_of_bits(0xff00)};
	go_sigaction_t old;

	check_set(SIGUSR1, SOME_HANDLER + 16, SA_RESTART, 0xf0);
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, &old), 0);
	CHECK_INT(old.handler, SOME_HANDLER + 16);
	CHECK_INT(old.flags & ~KERNEL_SA_RESTORER, SA_RESTART);
	CHECK_INT(bits_of_set(old.mask), 0xf0);
	// Both arguments may be the same object.
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &old, &old), 0);
	CHECK_INT(old.handler, SOME_HANDLER);
	CHECK_INT(x_cgo_sigaction(SIGUSR1, NULL, NULL), 0);
}

static void
check_refused(int sig)
{
	go_sigaction_t act = {.handler = SOME_HANDLER};
	go_sigaction_t old;

	memset(&old, 0xa5, sizeof old);
	errno = 77;
	CHECK_INT(x_cgo_sigaction(sig, &act, &old), EINVAL);
	CHECK_INT(x_cgo_sigaction(sig, &act, NULL), EINVAL);
	CHECK_INT(errno, 77);
	CHECK_INT(old.handler, (uintptr_t)0xa5a5a5a5a5a5a5a5);
}

TEST(what_cannot_be_set)
{
	check_refused(0);
	check_refused(-1);
	check_refused(65);
	check_refused(1000);
	check_refused(SIGKILL);
	check_refused(SIGSTOP);
	check_refused(32);
	check_refused(33);
}

TEST(errors_of_libc_are_given_to_go)
{
	go_sigaction_t act = {.handler = SOME_HANDLER};

	errno = 77;
	inject_arm(&inject_sigaction, 0, 1, EFAULT);
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, NULL), EFAULT);
	CHECK_INT(x_cgo_sigaction(SIGUSR1, &act, NULL), 0);
	// libc's function is called, so that interposers before it notice the change.
	CHECK_INT(inject_sigaction.calls, 2);
	CHECK_INT(errno, 77);
}

static void
through_libc(int sig, const go_sigaction_t *act)
{
	struct sigaction libc;

	memset(&libc, 0, sizeof libc);
	memcpy(&libc.sa_handler, &act->handler, sizeof libc.sa_handler);
	libc.sa_flags = (int)act->flags;
	sigemptyset(&libc.sa_mask);
	for (int s = 1; s <= 64; s++) {
		if (rcgo__sigset_has(&act->mask, s)) {
			sigaddset(&libc.sa_mask, s);
		}
	}
	if (sigaction(sig, &libc, NULL) != 0) {
		CHECK_INT(errno, EINVAL);
	}
}

// For any input, the table is as libc would have made it.
TEST(same_as_libc)
{
	for (int i = 0; i < 2000; i++) {
		int sig = (int)(unit_random() % 66);
		go_sigaction_t act = {
			.handler = unit_random() % 5, // also the values around SIG_ERR
			.flags = flags_of((unsigned)unit_random()),
			.mask = set_of_bits(unit_random())};
		struct kernel_action ours, libcs;
		int err;

		if (sig >= 1 && sig <= 64 && !settable(sig) && unit_emulated()) {
			continue;
		}
		act.handler = act.handler > 1 ? unit_random() >> 17 : act.handler;
		err = x_cgo_sigaction(sig, &act, NULL);
		if (sig < 1 || sig > 64 || sig == 32 || sig == 33) {
			CHECK_INT(err, EINVAL);
			continue;
		}
		CHECK_INT(kernel_sigaction(sig, NULL, &ours), 0);
		CHECK_INT(err, settable(sig) ? 0 : EINVAL);
		through_libc(sig, &act);
		CHECK_INT(kernel_sigaction(sig, NULL, &libcs), 0);
		CHECK_INT(ours.handler, libcs.handler);
		CHECK_INT(ours.flags, libcs.flags);
		CHECK_INT(ours.mask, libcs.mask);
		if ((libcs.flags & KERNEL_SA_RESTORER) != 0) {
			CHECK_INT(ours.restorer, libcs.restorer);
		}
	}
}

UNIT_MAIN(UNIT_TEST(every_signal), UNIT_TEST(every_combination_of_flags),
	UNIT_TEST(every_signal_in_the_mask), UNIT_TEST(restorer_is_libcs),
	UNIT_TEST(reports_what_was_set_raw), UNIT_TEST(sets_and_reports_at_once),
	UNIT_TEST(what_cannot_be_set), UNIT_TEST(errors_of_libc_are_given_to_go),
	UNIT_TEST(same_as_libc))
