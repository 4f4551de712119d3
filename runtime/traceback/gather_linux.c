// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: collects C frames for Go's report of all goroutines at SIGQUIT. Each thread
// gets Go's preemption signal. Go's handler enters x_cgo_callers on threads that run C code only,
// and it stores their frames where the report reads them (m.cgoCallers). Runs in Go's handler of
// SIGQUIT.

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "raw_syscall.h"
#include "context_management.h"
#include "traceback_generation.h"

#define GATHER_STEP_NS (1000 * 1000L)
#define GATHER_STEPS_MOST 200
// If no thread has stored frames for this many steps, all have.
#define GATHER_STEPS_QUIET 10

// The layout of a getdents64(2) entry.
struct task_entry {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

// The number of callers that are waiting for frames.
// owner: rcgo__callers_gather; lock: none; ordering: release and acquire
static uint32_t gathering;

// The number of threads that have stored their frames.
// owner: the threads; lock: none; ordering: relaxed, only changes count
static uint32_t gathered;

bool
rcgo__callers_wanted(void)
{
	return rcgo_load_acq(&gathering) != 0;
}

void
rcgo__callers_want_always(void)
{
	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
}

void
rcgo__callers_stored(void)
{
	__atomic_fetch_add(&gathered, 1, __ATOMIC_RELAXED);
}

static long
task_number(const char *name)
{
	long n = 0;

	for (; *name >= '0' && *name <= '9'; name++) {
		n = n * 10 + (*name - '0');
	}
	return n;
}

// Sends the signal to all threads but the calling one. Returns whether there are others.
static bool
signal_others(void)
{
	long pid = rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	long self = rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	long dir = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/task",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
	char buf[1024] __attribute__((aligned(8)));
	bool any = false;
	long n;

	if (dir < 0) {
		return false;
	}
	while ((n = rcgo__raw_syscall(SYS_getdents64, dir, (long)buf, sizeof buf, 0, 0, 0)) > 0) {
		for (long at = 0; at < n;) {
			const struct task_entry *e = (const void *)(buf + at);
			long tid = task_number(e->name);

			if (tid != 0 && tid != self) {
				any |= rcgo__raw_syscall(
					       SYS_tgkill, pid, tid, RCGO_SIGPREEMPT, 0, 0, 0) == 0;
			}
			at += e->size;
		}
	}
	rcgo__raw_syscall(SYS_close, dir, 0, 0, 0, 0, 0);
	return any;
}

void
rcgo__callers_gather(void)
{
	const struct timespec step = {.tv_nsec = GATHER_STEP_NS};
	uint32_t last = rcgo_load_rlx(&gathered);
	int quiet = 0;

	__atomic_fetch_add(&gathering, 1, __ATOMIC_ACQ_REL);
	if (signal_others()) {
		for (int i = 0; i < GATHER_STEPS_MOST && quiet < GATHER_STEPS_QUIET; i++) {
			uint32_t now;

			rcgo__raw_syscall(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
			now = rcgo_load_rlx(&gathered);
			quiet = now == last ? quiet + 1 : 0;
			last = now;
		}
	}
	__atomic_fetch_sub(&gathering, 1, __ATOMIC_ACQ_REL);
}
