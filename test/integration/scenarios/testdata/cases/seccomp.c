// SPDX-License-Identifier: BSD-3-Clause

#define _GNU_SOURCE
#include "seccomp.h"

#include <errno.h>
#if __has_include(<linux/filter.h>)
#	include <linux/filter.h>
#	include <linux/seccomp.h>
#else // musl-gcc does not find the kernel's headers
#	include "kernel_seccomp.h"
#endif
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_clone3
#	define SYS_clone3 435
#endif
#ifndef SYS_rseq
#	define SYS_rseq -1
#endif
#ifndef SECCOMP_FILTER_FLAG_TSYNC
#	define SECCOMP_FILTER_FLAG_TSYNC 1
#endif

static const int allowed[] = {SYS_read, SYS_write, SYS_close, SYS_mmap, SYS_munmap, SYS_mprotect,
	SYS_madvise, SYS_brk, SYS_futex, SYS_clone, SYS_clone3, SYS_rseq, SYS_set_robust_list,
	SYS_sigaltstack, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_rt_sigreturn, SYS_gettid,
	SYS_getpid, SYS_tgkill, SYS_exit, SYS_exit_group, SYS_nanosleep, SYS_clock_nanosleep,
	SYS_sched_yield, SYS_sched_getaffinity, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait,
	SYS_eventfd2, SYS_fcntl, SYS_setitimer, SYS_timer_create, SYS_timer_settime,
	SYS_timer_delete, SYS_restart_syscall, SYS_getrandom, SYS_rt_sigtimedwait, SYS_pipe2};

#define ALLOWED (sizeof allowed / sizeof allowed[0])

int
seccomp_lock(unsigned action)
{
	struct sock_filter code[2 * ALLOWED + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {2 * ALLOWED + 2, code};

	for (size_t i = 0; i < ALLOWED; i++) {
		code[1 + 2 * i] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
		code[2 + 2 * i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[2 * ALLOWED + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
		return errno;
	}
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) ==
			       0
		       ? 0
		       : errno;
}

void
seccomp_sleep(void)
{
	usleep(20000);
}

void
seccomp_fault(void)
{
	*(volatile int *)8 = 1;
}

static void *
fault(void *unused)
{
	(void)unused;
	seccomp_fault();
	return NULL;
}

void
seccomp_fault_on_a_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, fault, NULL) == 0) {
		pthread_join(thread, NULL);
	}
}

void
seccomp_abort(void)
{
	abort();
}
