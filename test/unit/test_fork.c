// SPDX-License-Identifier: BSD-3-Clause
// Base: detects whether this process was forked from the one that Go started in.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inject.h"
#include "fork_detect.h"
#include "unit.h"

static struct unit_end end;

static void
expect_forked(void *arg)
{
	(void)arg;
	CHECK(rcgo__forked());
	CHECK(rcgo__wipe_on_fork_page() != NULL);
}

static void
expect_not_forked(void *arg)
{
	(void)arg;
	CHECK(!rcgo__forked());
}

static void
expect_wiped(void *arg)
{
	(void)arg;
	CHECK(rcgo__forked());
	CHECK_INT(rcgo__wipe_on_fork_page()->alive, 0);
	CHECK_INT(rcgo__wipe_on_fork_page()->init_state, 0);
	// A private copy of the page: the child's store is not visible to the parent.
	rcgo__wipe_on_fork_page()->init_state = 5;
	CHECK_INT(rcgo__wipe_on_fork_page()->init_state, 5);
}

static void
mark_wiping(void)
{
	if (!unit_wipes_on_fork()) {
		unit_skip("nothing is wiped here when a process forks");
	}
	rcgo__fork_mark();
	CHECK_INT(rcgo__wipe_on_fork_page()->alive, 1);
	rcgo__wipe_on_fork_page()->init_state = 1;
}

TEST(nothing_is_forked_before_the_mark)
{
	CHECK(!rcgo__forked());
	CHECK(rcgo__wipe_on_fork_page() != NULL);
	CHECK_INT(rcgo__wipe_on_fork_page()->init_state, 0);
	CHECK_ENDS_WELL(&end, expect_not_forked, NULL);
}

TEST(fork_wipes)
{
	mark_wiping();
	CHECK(!rcgo__forked());
	CHECK_ENDS_WELL(&end, expect_wiped, NULL);
	CHECK_INT(rcgo__wipe_on_fork_page()->init_state, 1);
	CHECK(!rcgo__forked());
}

static void
fork_again(void *arg)
{
	expect_forked(arg);
	CHECK_ENDS_WELL(&end, expect_forked, NULL);
}

TEST(fork_of_a_fork)
{
	mark_wiping();
	CHECK_ENDS_WELL(&end, fork_again, NULL);
}

// Marking the page in the child restores nothing: Go does not run there.
static void
mark_again(void *arg)
{
	rcgo__fork_mark();
	expect_forked(arg);
}

TEST(mark_counts_once)
{
	struct rcgo_wipe_on_fork *page;

	mark_wiping();
	page = rcgo__wipe_on_fork_page();
	errno = 77;
	rcgo__fork_mark();
	CHECK_INT(errno, 77);
	CHECK(rcgo__wipe_on_fork_page() == page);
	CHECK_INT(page->init_state, 1);
	CHECK_ENDS_WELL(&end, mark_again, NULL);
}

static int
cloned(void *arg)
{
	*(int *)arg = rcgo__forked() ? 2 : 1;
	return 0;
}

// Runs cloned in a child made by clone(2) with flags. Returns what the child stored, if memory is
// shared.
static int
run_clone(int flags, int *answer)
{
	size_t size = 65536;
	char *stack = malloc(size);
	int status;
	pid_t pid = clone(cloned, stack + size, flags | SIGCHLD, answer);

	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	free(stack);
	return *answer;
}

TEST(vfork_shares_the_mark)
{
	int answer = 0;

	if (unit_emulated()) {
		unit_skip("the emulator makes a fork of a vfork");
	}
	mark_wiping();
	CHECK_INT(run_clone(CLONE_VM | CLONE_VFORK, &answer), 1);
	CHECK(!rcgo__forked());
}

TEST(clone_by_libc)
{
	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	mark_wiping();
	CHECK_INT(run_clone(0, shared), 2);
}

// What a sandbox does: neither libc nor a pthread_atfork handler notices it.
TEST(clone_by_the_system_call)
{
	long pid;
	int status;

	mark_wiping();
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0) {
		_exit(rcgo__forked() && rcgo__wipe_on_fork_page()->init_state == 0 ? 0 : 1);
	}
	CHECK(pid > 0);
	CHECK_INT(waitpid((pid_t)pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

static void *
fork_on_thread(void *arg)
{
	CHECK_ENDS_WELL(&end, expect_wiped, arg);
	return NULL;
}

TEST(fork_on_another_thread)
{
	pthread_t t;

	mark_wiping();
	CHECK_INT(pthread_create(&t, NULL, fork_on_thread, NULL), 0);
	CHECK_INT(pthread_join(t, NULL), 0);
}

static void
check_fallback(void)
{
	errno = 77;
	rcgo__fork_mark();
	CHECK_INT(errno, 77);
	CHECK(!rcgo__forked());
	CHECK_INT(rcgo__wipe_on_fork_page()->alive, 1);
	rcgo__wipe_on_fork_page()->init_state = 1;
	CHECK_ENDS_WELL(&end, expect_forked, NULL);
	CHECK_ENDS_WELL(&end, mark_again, NULL);
	CHECK(!rcgo__forked());
}

TEST(fallback_without_wiping)
{
	inject_arm(&inject_madvise, 0, INJECT_FOR_EVER, EINVAL);
	check_fallback();
	CHECK_INT(inject_madvise.calls, 1);
}

TEST(fallback_without_memory)
{
	inject_arm(&inject_mmap, 0, 1, ENOMEM);
	check_fallback();
}

static void
enter(void *arg)
{
	rcgo__fork_fatal(arg != NULL ? RCGO_FORK_WAITS : RCGO_FORK_ENTERS);
}

TEST(message)
{
	CHECK_ABORTS(&end, enter, NULL);
	CHECK_HAS(end.err, "runtime/cgo: Go was entered in a forked child process.\n");
	CHECK_HAS(end.err, "posix_spawn");
	CHECK_HAS(end.err, "exec after fork");
	CHECK_HAS(end.err, "multiprocessing start method \"spawn\".\n");
	CHECK_ABORTS(&end, enter, "waits");
	CHECK_HAS(end.err, "runtime/cgo: Go was entered in a forked child process.\n");
	CHECK_HAS(end.err, "waits for one of Go's other threads");
	CHECK_HAS(end.err, "multiprocessing start method \"spawn\".\n");
}

UNIT_MAIN(UNIT_TEST(nothing_is_forked_before_the_mark), UNIT_TEST(fork_wipes),
	UNIT_TEST(fork_of_a_fork), UNIT_TEST(mark_counts_once), UNIT_TEST(vfork_shares_the_mark),
	UNIT_TEST(clone_by_libc), UNIT_TEST(clone_by_the_system_call),
	UNIT_TEST(fork_on_another_thread), UNIT_TEST(fallback_without_wiping),
	UNIT_TEST(fallback_without_memory), UNIT_TEST(message))
