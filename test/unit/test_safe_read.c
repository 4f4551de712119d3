// SPDX-License-Identifier: BSD-3-Clause
// Base: reads of memory that may not be there.

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "safe_read.h"
#include "unit.h"

// Three pages; the second can be read, and the others not.
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

// Makes one system call fail from now on, as sandboxes do.
static void
forbid(int number, int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {UNIT_COUNTOF(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		unit_skip("no seccomp here: %s", strerror(errno));
	}
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

// Leak checkers cannot do without rt_sigprocmask.
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
	UNIT_TEST(without_process_vm_readv), UNIT_TEST(without_process_vm_readv_in_the_kernel),
	UNIT_TEST(without_rt_sigprocmask), UNIT_TEST(a_filter_that_says_einval_is_seen_through),
	UNIT_TEST(without_either_nothing_is_readable))
