// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: which signals C may block on threads that run Go, read from the kernel without
// our wrappers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "go_standin.h"
#include "libc_signal.h"
#include "unit.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // sighold

#define BIT(sig) ((uint64_t)1 << ((sig)-1))
#define GOS (BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGFPE) | BIT(SIGILL) | BIT(SIGTRAP) | BIT(SIGURG))
// The signals below 32 that the kernel blocks; the emulator reserves some of them too.
#define ALL (((uint64_t)1 << 31) - 1 - BIT(SIGKILL) - BIT(SIGSTOP))

static uint64_t
kernel_mask(void)
{
	uint64_t mask = 0;

	CHECK_INT(syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask), 0);
	return mask & ALL;
}

static sigset_t
full(void)
{
	sigset_t set;

	sigfillset(&set);
	return set;
}

// Off by default on some CPUs.
static void
start(void)
{
	CHECK_INT(setenv("RCGO", "signals=full", 1), 0);
	standin_start();
}

static void
open_all(void)
{
	uint64_t none = 0;

	CHECK_INT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none), 0);
}

TEST(thread_without_go_blocks_all)
{
	sigset_t all = full();

	CHECK_INT(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
	CHECK(kernel_mask() == ALL);
}

TEST(thread_with_go_keeps_six_open)
{
	sigset_t all = full(), old;

	start();
	CHECK_INT(pthread_sigmask(SIG_BLOCK, &all, NULL), 0);
	CHECK(kernel_mask() == (ALL & ~GOS));
	open_all();
	CHECK_INT(sigprocmask(SIG_SETMASK, &all, NULL), 0);
	CHECK(kernel_mask() == (ALL & ~GOS));
	// The mask that is reported is the real one.
	CHECK_INT(sigprocmask(SIG_BLOCK, NULL, &old), 0);
	CHECK_INT(sigismember(&old, SIGSEGV), 0);
	CHECK_INT(sigismember(&old, SIGUSR1), 1);
	CHECK_INT(pthread_sigmask(SIG_UNBLOCK, &all, NULL), 0);
	CHECK_INT(kernel_mask(), 0);
	CHECK_INT(sighold(SIGURG), 0);
	CHECK_INT(kernel_mask(), 0);
	CHECK_INT(sighold(SIGUSR1), 0);
	CHECK(kernel_mask() == BIT(SIGUSR1));
}

TEST(errors_are_libcs)
{
	sigset_t all = full();

	start();
	CHECK_INT(pthread_sigmask(77, &all, NULL), EINVAL);
	errno = 0;
	CHECK_INT(sigprocmask(77, &all, NULL), -1);
	CHECK_INT(errno, EINVAL);
	errno = 0;
	CHECK_INT(sighold(1000), -1);
	CHECK_INT(errno, EINVAL);
	CHECK_INT(kernel_mask(), 0);
}

// Go blocks signals by system calls. A signal that was blocked stays blocked until C unblocks it.
TEST(what_is_blocked_stays)
{
	uint64_t urg = BIT(SIGURG);
	sigset_t usr1;

	start();
	CHECK_INT(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &urg, NULL, sizeof urg), 0);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	CHECK_INT(pthread_sigmask(SIG_BLOCK, &usr1, NULL), 0);
	CHECK(kernel_mask() == (BIT(SIGURG) | BIT(SIGUSR1)));
}

static uint64_t inside;

static void
block_and_restore(int sig)
{
	sigset_t all = full(), before;

	(void)sig;
	CHECK_INT(pthread_sigmask(SIG_BLOCK, &all, &before), 0);
	CHECK_INT(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
	inside = kernel_mask();
}

// Restoring the mask does not unblock the handler's own signal.
TEST(a_handlers_mask_is_kept)
{
	struct sigaction act = {.sa_handler = block_and_restore};

	start();
	sigemptyset(&act.sa_mask);
	sigaddset(&act.sa_mask, SIGBUS);
	CHECK_INT(sigaction(SIGSEGV, &act, NULL), 0);
	CHECK_INT(raise(SIGSEGV), 0);
	CHECK(inside == (BIT(SIGSEGV) | BIT(SIGBUS)));
	CHECK_INT(kernel_mask(), 0);
}

TEST(child_blocks_all)
{
	sigset_t all = full();
	int status = 0;
	pid_t pid;

	start();
	pid = fork();
	if (pid == 0) {
		pthread_sigmask(SIG_SETMASK, &all, NULL);
		_exit(kernel_mask() != ALL);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK_INT(status, 0);
}

static uint64_t mask_of_thread;
static unsigned ran;
static G thread_g;

static void
look(void)
{
	mask_of_thread = kernel_mask();
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

TEST(new_thread_of_go_has_all_blocked)
{
	start();
	standin_newm(&thread_g, look);
	unit_await(&ran, 1);
	CHECK(mask_of_thread == ALL);
	CHECK_INT(kernel_mask(), 0);
}

UNIT_MAIN(UNIT_TEST(thread_without_go_blocks_all), UNIT_TEST(thread_with_go_keeps_six_open),
	UNIT_TEST(errors_are_libcs), UNIT_TEST(what_is_blocked_stays),
	UNIT_TEST(a_handlers_mask_is_kept), UNIT_TEST(child_blocks_all),
	UNIT_TEST(new_thread_of_go_has_all_blocked))
