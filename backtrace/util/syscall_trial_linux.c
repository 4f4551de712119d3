// SPDX-License-Identifier: BSD-3-Clause
// Tests in a child process whether system calls are permitted that stock Go would not make. Safe in
// signal handlers, on any stack.
// Contract: seccomp(2), clone(2), wait(2); doc/system_calls.md lists the calls.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // CLONE_VM
#endif
#include "syscall_trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "kernel.h"
#include "raw_syscall.h"

enum trial {
	TRIAL_NONE,
	TRIAL_PASSED,
	TRIAL_FAILED,
};

// owner: the thread that holds trial_busy; lock: none; ordering: release and acquire
static uint32_t trial_state;
// owner: the thread that holds trial_busy; lock: none; ordering: that of trial_state. In
// milliseconds.
static uint64_t trial_time;
// Whether timers were permitted in the last trial.
// owner: the thread that holds trial_busy; lock: none; ordering: that of trial_state
static uint32_t trial_timers;
// owner: the thread that made it 1; lock: itself; ordering: acquire and release
static uint32_t trial_busy;

// The child's result. The child may have memory of its own, so this page is shared.
struct trial_page {
	uint32_t files;	 // all calls on files and names are permitted
	uint32_t waits;	 // wait4 is permitted
	uint32_t timers; // timers are permitted
};
// owner: the thread that holds trial_busy; lock: trial_busy; ordering: that of trial_busy
static struct trial_page *trial_page;

#define TRIAL_OLD_MS 1000
#define TRIAL_WAIT_MS 500
#define SIGNALS_BYTES 8UL

// Before Linux 5.16 the core dump of a process ended all processes that share its memory. The
// auxiliary vector has this entry since 6.3.
#ifndef AT_RSEQ_FEATURE_SIZE
#	define AT_RSEQ_FEATURE_SIZE 27
#endif

#define PR_GET_NAME 16

// The system call that libc uses to read links.
#ifdef SYS_readlink
#	define TRIAL_READLINK(path, buf, n) \
		rcgo__raw_syscall(SYS_readlink, (long)(path), (long)(buf), (n), 0, 0, 0)
#else
#	define TRIAL_READLINK(path, buf, n) \
		rcgo__raw_syscall(SYS_readlinkat, AT_FDCWD, (long)(path), (long)(buf), (n), 0, 0)
#endif

static bool
shares_memory(void)
{
	return getauxval(AT_RSEQ_FEATURE_SIZE) != 0;
}

static long
trial_open(const char *path)
{
	return rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
}

// Makes each call once. All signals are blocked, so a filter that raises SIGSYS ends the child too.
// It may run in the memory of its parent, which waits.
static __attribute__((noinline)) RCGO_NO_SANITIZE RCGO_NORETURN void
trial_child_main(struct trial_page *page)
{
	const uint64_t no_core[2] = {1, 1}, no_time[4] = {0, 0, 0, 0};
	const struct rcgo_kernel_sigevent event = {.notify = SIGEV_NONE};
	int32_t timer = -1;
	struct stat st;
	char buf[64];
	long fd, at;

	rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_CORE, (long)no_core, 0, 0, 0);
	rcgo__raw_syscall(SYS_prctl, PR_GET_NAME, (long)buf, 0, 0, 0, 0);
	rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	rcgo__raw_syscall(SYS_ppoll, 0, 0, (long)no_time, 0, 0, 0);
	fd = trial_open("/proc/self/maps");
	rcgo__raw_syscall(SYS_ioctl, fd, RCGO_PROCMAP_QUERY, 0, 0, 0, 0);
	rcgo__raw_syscall(SYS_read, fd, (long)buf, sizeof buf, 0, 0, 0);
	rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	fd = trial_open("/proc/self/exe");
	rcgo__kernel_fstat((int)fd, &st);
	rcgo__raw_syscall(SYS_lseek, fd, 0, SEEK_SET, 0, 0, 0);
	at = rcgo__raw_mmap(sizeof buf, PROT_READ, MAP_PRIVATE, fd);
	rcgo__raw_syscall(SYS_madvise, at, 0, MADV_DONTNEED, 0, 0, 0);
	rcgo__raw_syscall(SYS_munmap, at, sizeof buf, 0, 0, 0, 0);
	rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	TRIAL_READLINK("/proc/self/exe", buf, sizeof buf);
	rcgo_store_rel(&page->files, 1);
	rcgo__raw_syscall(SYS_wait4, -1, 0, WNOHANG, 0, 0, 0);
	rcgo_store_rel(&page->waits, 1);
	rcgo__raw_syscall(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&timer, 0, 0, 0);
	rcgo__raw_syscall(SYS_timer_settime, timer, 0, (long)no_time, 0, 0, 0);
	rcgo__raw_syscall(SYS_timer_delete, timer, 0, 0, 0, 0, 0);
	rcgo_store_rel(&page->timers, 1);
	for (;;) {
		rcgo__raw_syscall(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	}
}

#ifdef __s390x__ // the stack comes before the flags
#	define CLONE(flags) rcgo__raw_syscall(SYS_clone, 0, flags, 0, 0, 0, 0)
#else
#	define CLONE(flags) rcgo__raw_syscall(SYS_clone, flags, 0, 0, 0, 0, 0)
#endif

// Runs the child. Returns its process id once it has ended, or -errno. Its end sends no signal.
static __attribute__((noinline)) RCGO_NO_SANITIZE long
trial_child(struct trial_page *page)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;
	long flags = CLONE_VFORK | (shares_memory() ? CLONE_VM : 0);
	long pid;

	rcgo__raw_syscall(
		SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, SIGNALS_BYTES, 0, 0);
	pid = CLONE(flags);
	if (pid == 0) {
		trial_child_main(page);
	}
	if (pid > 0 && rcgo_load_acq(&page->waits) != 0) {
		rcgo__raw_syscall(SYS_wait4, pid, 0, __WALL, 0, 0, 0);
	}
	rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, SIGNALS_BYTES, 0, 0);
	return pid;
}

// Runs a trial. If a limit on processes or memory prevents a child, nothing is stored, and the
// calls count as permitted: no sandbox is known.
static bool
run_trial(void)
{
	long pid;

	if (trial_page == NULL) {
		long at = rcgo__raw_mmap(
			sizeof *trial_page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1);

		if (rcgo__raw_failed(at)) {
			return at == -ENOMEM;
		}
		trial_page = (struct trial_page *)at;
	}
	*trial_page = (struct trial_page){0, 0, 0};
	pid = trial_child(trial_page);
	if (pid == -EAGAIN || pid == -ENOMEM || pid == -EINVAL) {
		return true; // EINVAL: an emulator does not know these flags
	}
	trial_time = rcgo__clock_coarse_ns() / RCGO_MS;
	rcgo_store_rlx(&trial_timers, rcgo_load_acq(&trial_page->timers));
	rcgo_store_rel(
		&trial_state, rcgo_load_acq(&trial_page->files) != 0 ? TRIAL_PASSED : TRIAL_FAILED);
	return rcgo_load_rlx(&trial_state) == TRIAL_PASSED;
}

static bool
trial_is_old(void)
{
	return rcgo__clock_coarse_ns() / RCGO_MS - rcgo_load_rlx(&trial_time) > TRIAL_OLD_MS;
}

bool
rcgo__syscall_trial_passed(void)
{
	const struct rcgo_kernel_timespec step = {.tv_nsec = 1000000};
	uint32_t state = rcgo_load_acq(&trial_state);
	bool passed;

	// A child with a copy of all page tables is too expensive to repeat in a process that lives
	// on.
	if (state == TRIAL_FAILED ||
		(state == TRIAL_PASSED && !(shares_memory() && trial_is_old()))) {
		return state == TRIAL_PASSED;
	}
	for (int i = 0; __atomic_exchange_n(&trial_busy, 1, __ATOMIC_ACQUIRE) != 0; i++) {
		if (i == TRIAL_WAIT_MS) {
			return false;
		}
		rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
	}
	passed = run_trial();
	rcgo_store_rel(&trial_busy, 0);
	return passed;
}

bool
rcgo__syscall_trial_timers(void)
{
	uint32_t passed = TRIAL_PASSED;

	rcgo_cas(&trial_state, &passed, TRIAL_NONE);
	rcgo_store_rlx(&trial_timers, 0);
	return rcgo__syscall_trial_passed() && rcgo_load_rlx(&trial_timers) != 0;
}

void
rcgo__syscall_trial_renew(void)
{
	uint32_t passed = TRIAL_PASSED;

	if (rcgo_load_acq(&trial_state) == TRIAL_PASSED && trial_is_old()) {
		rcgo_cas(&trial_state, &passed, TRIAL_NONE);
	}
}
