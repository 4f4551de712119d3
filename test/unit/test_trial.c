// SPDX-License-Identifier: BSD-3-Clause
// Base: the trial in a child of system calls that stock runtime/cgo does not make.

#include <stdlib.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "syscall_trial.h"
#include "unit.h"

static void
check_mask_is(const sigset_t *want)
{
	sigset_t now;

	CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &now), 0);
	for (int sig = 1; sig < 32; sig++) {
		CHECK_INT(sigismember(&now, sig), sigismember(want, sig));
	}
}

TEST(passes_where_there_is_no_filter)
{
	sigset_t before;

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator makes no child that shares memory");
	}
	CHECK_INT(sigprocmask(SIG_SETMASK, NULL, &before), 0);
	errno = 77;
	CHECK(rcgo__syscall_trial_passed());
	CHECK(rcgo__syscall_trial_passed());
	CHECK_INT(errno, 77);
	check_mask_is(&before);
	// No child is left behind.
	CHECK_INT(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	CHECK_INT(errno, ECHILD);
}

// A memory limit is no filter: the report of a failed start must name the limit.
TEST(passes_without_memory)
{
	struct rlimit none;

	if (UNIT_ASAN || UNIT_TSAN || unit_emulated()) {
		unit_skip("the sanitizer or the emulator needs memory itself");
	}
	CHECK_INT(getrlimit(RLIMIT_AS, &none), 0);
	none.rlim_cur = 1;
	CHECK_INT(setrlimit(RLIMIT_AS, &none), 0);
	CHECK(rcgo__syscall_trial_passed());
}

static void
check_fails(int number, unsigned action)
{
	unit_seccomp_answer(number, action);
	CHECK(!rcgo__syscall_trial_passed());
	rcgo__syscall_trial_renew();
	CHECK(!rcgo__syscall_trial_passed());
	_exit(0); // leak checkers make some of these calls
}

TEST(openat_kills)
{
	check_fails(SYS_openat, SECCOMP_RET_KILL_PROCESS);
}

TEST(openat_kills_the_thread)
{
	check_fails(SYS_openat, SECCOMP_RET_KILL_THREAD);
}

TEST(prctl_raises_a_signal)
{
	signal(SIGSYS, SIG_IGN);
	check_fails(SYS_prctl, SECCOMP_RET_TRAP);
}

TEST(ioctl_kills)
{
	check_fails(SYS_ioctl, SECCOMP_RET_KILL_PROCESS);
}

TEST(no_child_may_be_made)
{
	check_fails(SYS_clone, SECCOMP_RET_ERRNO | EPERM);
}

// The child cannot be waited for, and the calls on files can be made.
TEST(wait4_kills)
{
	unit_seccomp_answer(SYS_wait4, SECCOMP_RET_KILL_PROCESS);
	CHECK(rcgo__syscall_trial_passed());
	_exit(0);
}

// Calls that fail with an error count as permitted: their callers handle the error.
TEST(openat_is_refused)
{
	unit_seccomp_answer(SYS_openat, SECCOMP_RET_ERRNO | EPERM);
	CHECK(rcgo__syscall_trial_passed());
	_exit(0);
}

TEST(a_filter_that_comes_later_is_seen)
{
	const struct timespec more_than_a_second = {1, 100 * 1000 * 1000};

	CHECK(rcgo__syscall_trial_passed());
	unit_seccomp_answer(SYS_openat, SECCOMP_RET_KILL_PROCESS);
	nanosleep(&more_than_a_second, NULL);
	rcgo__syscall_trial_renew();
	CHECK(!rcgo__syscall_trial_passed());
	_exit(0);
}

UNIT_MAIN(UNIT_TEST(passes_where_there_is_no_filter), UNIT_TEST(passes_without_memory),
	UNIT_TEST(openat_kills), UNIT_TEST(openat_kills_the_thread),
	UNIT_TEST(prctl_raises_a_signal), UNIT_TEST(ioctl_kills), UNIT_TEST(no_child_may_be_made),
	UNIT_TEST(wait4_kills), UNIT_TEST(openat_is_refused),
	UNIT_TEST(a_filter_that_comes_later_is_seen))
