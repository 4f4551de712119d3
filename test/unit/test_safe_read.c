// SPDX-License-Identifier: BSD-3-Clause
// Base: reads of memory that may be unmapped.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "safe_read.h"
#include "sigframe.h"
#include "unit.h"

// Three pages, of which only the second can be read.
static unsigned char *
island(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *at = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	CHECK_INT(mprotect(at + page, page, PROT_READ | PROT_WRITE), 0);
	for (size_t i = 0; i < page; i++) {
		at[page + i] = (unsigned char)(i * 7);
	}
	return at + page;
}

static void
check_all(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *good = island();
	unsigned char got[256];

	errno = 77;
	for (size_t size = 1; size <= sizeof got; size++) {
		unsigned char *last = good + page - size;

		CHECK(rcgo__readable_nofault(good, size));
		CHECK(rcgo__readable_nofault(last, size));
		CHECK(!rcgo__readable_nofault(good - 1, size));
		CHECK(!rcgo__readable_nofault(last + 1, size));
		CHECK(rcgo__copy_nofault(got, good, size));
		CHECK(rcgo__copy_nofault(got, last, size));
		CHECK_INT(memcmp(got, last, size), 0);
		CHECK(!rcgo__copy_nofault(got, good - 1, size));
		CHECK(!rcgo__copy_nofault(got, last + 1, size));
	}
	CHECK(rcgo__readable_nofault(good, page));
	CHECK(!rcgo__readable_nofault(good, page + 1));
	CHECK(rcgo__readable_nofault(NULL, 0));
	CHECK(!rcgo__readable_nofault(NULL, 1));
	CHECK(!rcgo__readable_nofault((void *)(UINTPTR_MAX - 3), 4));
	CHECK(!rcgo__readable_nofault((void *)(UINTPTR_MAX - 3), 16));
	CHECK(!rcgo__readable_nofault(good, UINTPTR_MAX));
	CHECK(rcgo__copy_nofault(NULL, NULL, 0));
	CHECK_INT(errno, 77);
}

TEST(tells_good_from_bad)
{
	check_all();
}

TEST(copies_pieces)
{
	unsigned char *good = island();
	unsigned char got[12] = {0};
	struct rcgo_nofault_piece piece[] = {
		{got, good, 4}, {got + 4, good + 100, 0}, {got + 4, good + 9, 8}, {NULL, NULL, 0}};

	CHECK(rcgo__copy_nofault_pieces(piece, UNIT_COUNTOF(piece)));
	CHECK_INT(memcmp(got, good, 4), 0);
	CHECK_INT(memcmp(got + 4, good + 9, 8), 0);
	piece[2].src = good - 8;
	CHECK(!rcgo__copy_nofault_pieces(piece, UNIT_COUNTOF(piece)));
	CHECK(!rcgo__copy_nofault_pieces(piece, RCGO_NOFAULT_PIECES + 1));
}

static void
forbid(int number, int error)
{
	unit_seccomp_answer(number, SECCOMP_RET_ERRNO | (unsigned)error);
}

// System calls that a filter may kill a process for, because a Go program does not need them.
TEST(makes_no_call_that_a_filter_kills_for)
{
	if (unit_emulated()) {
		unit_skip("the emulator asks in another order");
	}
	unit_seccomp_answer(SYS_process_vm_readv, SECCOMP_RET_KILL_PROCESS);
	unit_seccomp_answer(SYS_getpid, SECCOMP_RET_KILL_PROCESS);
	check_all();
	_exit(0); // leak checkers make these calls
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)info;
	if (!rcgo__uc_catch_copy(context)) {
		signal(sig, SIG_DFL);
	}
}

static unsigned stop_toggling;

static void *
toggle(void *page)
{
	while (rcgo_load_acq(&stop_toggling) == 0) {
		mprotect(page, RCGO_NOFAULT_PAGE, PROT_NONE);
		mprotect(page, RCGO_NOFAULT_PAGE, PROT_READ);
	}
	return NULL;
}

// With all signals blocked, as in Go's handlers.
TEST(another_thread_unmaps_what_is_copied)
{
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	unsigned char *good = island();
	unsigned char got[RCGO_NOFAULT_PAGE];
	unsigned copied = 0, refused = 0;
	sigset_t all, now;
	pthread_t thread;

	if (unit_emulated() || UNIT_ASAN || UNIT_TSAN) {
		unit_skip("faults are not the program's own there");
	}
	sigemptyset(&act.sa_mask);
	CHECK_INT(sigaction(SIGSEGV, &act, NULL), 0);
	sigfillset(&all);
	CHECK_INT(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
	CHECK_INT(pthread_create(&thread, NULL, toggle, good), 0);
	for (int i = 0; i < 200000 || (i < 2000000 && (copied < 50 || refused < 50)); i++) {
		*(rcgo__copy_nofault(got, good, sizeof got) ? &copied : &refused) += 1;
	}
	rcgo_store_rel(&stop_toggling, 1);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(copied >= 50 && refused >= 50);
	CHECK_INT(pthread_sigmask(SIG_SETMASK, NULL, &now), 0);
	CHECK(sigismember(&now, SIGSEGV) == 1 && sigismember(&now, SIGBUS) == 1);
}

TEST(without_process_vm_readv)
{
	forbid(SYS_process_vm_readv, EPERM);
	check_all();
}

TEST(without_process_vm_readv_in_the_kernel)
{
	forbid(SYS_process_vm_readv, ENOSYS);
	check_all();
}

// Leak checkers need rt_sigprocmask.
TEST(without_rt_sigprocmask)
{
	forbid(SYS_rt_sigprocmask, EPERM);
	check_all();
	_exit(0);
}

TEST(a_filter_that_says_einval_is_seen_through)
{
	forbid(SYS_rt_sigprocmask, EINVAL);
	check_all();
	_exit(0);
}

TEST(without_either_nothing_is_readable)
{
	unsigned char *good = island();
	unsigned char got;

	forbid(SYS_rt_sigprocmask, EPERM);
	forbid(SYS_process_vm_readv, EPERM);
	CHECK(!rcgo__readable_nofault(good, 1));
	CHECK(!rcgo__copy_nofault(&got, good, 1));
	_exit(0);
}

UNIT_MAIN(UNIT_TEST(tells_good_from_bad), UNIT_TEST(copies_pieces),
	UNIT_TEST(makes_no_call_that_a_filter_kills_for),
	UNIT_TEST(another_thread_unmaps_what_is_copied), UNIT_TEST(without_process_vm_readv),
	UNIT_TEST(without_process_vm_readv_in_the_kernel), UNIT_TEST(without_rt_sigprocmask),
	UNIT_TEST(a_filter_that_says_einval_is_seen_through),
	UNIT_TEST(without_either_nothing_is_readable))
