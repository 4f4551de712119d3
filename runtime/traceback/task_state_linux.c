// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the threads of the process and what each does in the kernel. Runs on any
// stack, also in signal handlers.
// Contract: proc_pid_syscall(5), signal(7).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // ucontext_t
#endif
#include "task_state.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "kernel.h"
#include "raw_syscall.h"
#include "sigframe.h"
#include "strbuf.h"
#include "syscall_trial.h"

// The layout of a getdents64(2) entry.
struct task_entry {
	uint64_t ino;
	int64_t off;
	uint16_t size;
	uint8_t type;
	char name[];
};

static long
task_number(const char *name)
{
	long n = 0;

	for (; *name >= '0' && *name <= '9'; name++) {
		n = n * 10 + (*name - '0');
	}
	return n;
}

// Indirect: a function for signal handlers.
bool
rcgo__tasks_each(void (*fn)(long tid, void *arg), void *arg)
{
	char buf[1024] __attribute__((aligned(8)));
	long dir, n;

	if (!rcgo__syscall_trial_passed()) {
		return false;
	}
	dir = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)"/proc/self/task",
		O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
	if (dir < 0) {
		return false;
	}
	while ((n = rcgo__raw_syscall(SYS_getdents64, dir, (long)buf, sizeof buf, 0, 0, 0)) > 0) {
		for (long at = 0; at < n;) {
			const struct task_entry *e = (const void *)(buf + at);
			long tid = task_number(e->name);

			if (tid != 0) {
				fn(tid, arg);
			}
			at += e->size;
		}
	}
	rcgo__raw_syscall(SYS_close, dir, 0, 0, 0, 0, 0);
	return true;
}

long
rcgo__task_file_read(long tid, const char *name, char *buf, size_t size)
{
	char path[64];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);
	long fd, n;

	rcgo__append_str(&t, "/proc/self/task/");
	rcgo__append_uint(&t, (uint64_t)tid, 0);
	rcgo__append_str(&t, "/");
	rcgo__append_str(&t, name);
	buf[0] = 0;
	fd = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd < 0) {
		return fd;
	}
	n = rcgo__raw_syscall(SYS_read, fd, (long)buf, (long)size - 1, 0, 0, 0);
	rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	buf[n > 0 ? n : 0] = 0;
	return n;
}

static uint64_t
next_hex(const char **s)
{
	uint64_t n = 0;

	*s += strspn(*s, " ");
	*s += strncmp(*s, "0x", 2) == 0 ? 2 : 0;
	rcgo__parse_hex(s, &n);
	return n;
}

bool
rcgo__task_state_read(long tid, struct rcgo_task_state *state)
{
	const char *s = state->text;

	state->known = state->running = state->in_syscall = false;
	if (rcgo__task_file_read(tid, "syscall", state->text, sizeof state->text) <= 0) {
		return false;
	}
	if (strncmp(s, "running", 7) == 0) {
		state->running = true;
		return true;
	}
	if (*s == '-') { // it waits, but not in a system call
		s += strcspn(s, " ");
	} else {
		if (rcgo__parse_uint(&s, &state->number) != 0) {
			return true;
		}
		state->in_syscall = true;
		for (size_t i = 0; i < RCGO_COUNTOF(state->args); i++) {
			state->args[i] = next_hex(&s);
		}
	}
	state->sp = next_hex(&s);
	state->pc = next_hex(&s);
	state->known = state->pc != 0;
	return true;
}

void
rcgo__task_state_context(const struct rcgo_task_state *state, void *context)
{
	ucontext_t *uc = context;

	memset(uc, 0, sizeof *uc);
	RCGO_FRAME_SET_PC(uc, state->pc);
	RCGO_FRAME_SET_SP(uc, state->sp);
}

// Fields of /proc/PID/stat, from 1. The name in field 2 may contain any byte, and ends at the last
// parenthesis.
#define STAT_STATE 3
#define STAT_PENDING 31
#define STAT_BLOCKED 32

static const char *
stat_field(const char *stat, int field)
{
	const char *s = strrchr(stat, ')');

	for (int i = STAT_STATE - 1; s != NULL && i < field; i++) {
		s = strchr(s, ' ');
		s = s != NULL ? s + 1 : NULL;
	}
	return s;
}

static bool
stat_has_signal(const char *stat, int field, int sig)
{
	const char *s = stat_field(stat, field);
	uint64_t set = 0;

	return s != NULL && rcgo__parse_uint(&s, &set) == 0 && (set >> (sig - 1) & 1) != 0;
}

enum rcgo_signal_progress
rcgo__task_signal_progress(long tid, int sig)
{
	char stat[512];
	const char *state;
	bool pending, blocked;

	if (rcgo__task_file_read(tid, "stat", stat, sizeof stat) <= 0) {
		return RCGO_SIGNAL_HANDLED;
	}
	state = stat_field(stat, STAT_STATE);
	pending = stat_has_signal(stat, STAT_PENDING, sig);
	blocked = stat_has_signal(stat, STAT_BLOCKED, sig);
	if (state == NULL) {
		return RCGO_SIGNAL_HANDLED;
	}
	if (pending) {
		return !blocked && (*state == 'R' || *state == 'S') ? RCGO_SIGNAL_DUE
								    : RCGO_SIGNAL_BLOCKED;
	}
	// A page fault of the handler may wait.
	return blocked && (*state == 'R' || *state == 'D') ? RCGO_SIGNAL_DUE : RCGO_SIGNAL_HANDLED;
}

#define FUTEX_COMMAND 0x7f // without FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME
#define FUTEX_WAIT 0
#define FUTEX_LOCK_PI 6
#define FUTEX_WAIT_BITSET 9

static bool
futex_restarts(const uint64_t *args)
{
	uint64_t command = args[1] & FUTEX_COMMAND;

	return args[3] == 0 &&
	       (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET || command == FUTEX_LOCK_PI);
}

// A socket may have a timeout, with which a read does not restart.
static bool
file_restarts(uint64_t fd)
{
	struct stat st;

	return rcgo__kernel_fstat((int)fd, &st) == 0 &&
	       (S_ISFIFO(st.st_mode) || S_ISREG(st.st_mode));
}

bool
rcgo__task_state_restarts(const struct rcgo_task_state *state)
{
	if (state->running) {
		return true;
	}
	if (!state->known || !state->in_syscall) {
		return false;
	}
	switch (state->number) {
	case SYS_futex:
		return futex_restarts(state->args);
	case SYS_read:
	case SYS_write:
	case SYS_readv:
	case SYS_writev:
		return file_restarts(state->args[0]);
	case SYS_wait4:
	case SYS_waitid:
	case SYS_flock:
		return true;
	default:
		return false;
	}
}
