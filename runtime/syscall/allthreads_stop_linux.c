// SPDX-License-Identifier: BSD-3-Clause
// System Calls: stops all threads except the calling thread for an all-threads call. Runs on the
// caller's stack with all signals blocked, while other threads are stopped at arbitrary
// instructions.
// Contract: the kernel's fs/proc/base.c (proc_task_readdir, proc_task_getattr), kernel/signal.c.

//rcgo:small

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "allthreads.h"
#include "raw_syscall.h"
#include "strbuf.h"

#define US 1000L

// How long no thread may arrive before the caller checks that the missing threads exist (POLL_NS),
// and why they do not stop (INSPECT_NS). How long other threads stay stopped for a thread that
// blocks the signal (BLOCKED_NS), that does not answer (NO_ANSWER_NS), or that is runnable and so
// answers when it gets a processor (RUNNABLE_NS).
#define POLL_NS (100 * US)
#define INSPECT_NS (2000 * US)
#define BLOCKED_NS (10000 * US)
#define NO_ANSWER_NS (100000 * US)
#define RUNNABLE_NS (1000000 * US)

#define TASKS "/proc/self/task"

// The layout of a getdents64(2) entry: ino 8 bytes, off 8, reclen 2, type 1, name.
#define DIRENT_RECLEN 16
#define DIRENT_NAME 19

static bool
all_fail(struct rcgo_allthreads_failure *f, enum rcgo_allthreads_cause cause, int err, uint32_t tid)
{
	f->cause = cause;
	f->err = err;
	f->tid = tid;
	return false;
}

static enum rcgo_allthreads_state
all_state_of(const struct rcgo_allthreads_request *op, struct rcgo_allthreads_entry *s)
{
	uint32_t state = rcgo_load_acq(&s->state);

	return state >> 3 == op->attempt ? (enum rcgo_allthreads_state)(state & 7) : 0;
}

// Signals the thread of entry s. A thread that has exited is not a failure.
static bool
all_signal_slot(struct rcgo_allthreads_request *op, struct rcgo_allthreads_entry *s,
	struct rcgo_allthreads_failure *f)
{
	uint64_t cookie = rcgo__allthreads_cookie(op->attempt, (uint32_t)(s - op->slots));
	int err;

	if (s->tid == (uint32_t)op->self) {
		rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALLTHREADS_SELF);
		return true;
	}
	rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALLTHREADS_SENT);
	op->signalled++;
	err = rcgo__allthreads_send(op->pid, s->tid, cookie);
	op->no_room |= err == EAGAIN;
	if (err == 0 || err == EAGAIN) {
		return true;
	}
	rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALLTHREADS_EXITED);
	op->signalled--;
	if (err == ESRCH) {
		return true;
	}
	return all_fail(f, RCGO_ALLTHREADS_REFUSED, err, s->tid);
}

// Processes one thread of the list: signals it if it has not been signalled.
static bool
all_visit_thread(
	struct rcgo_allthreads_request *op, uint32_t tid, struct rcgo_allthreads_failure *f)
{
	struct rcgo_allthreads_entry *s;
	char thread_state;

	op->seen++;
	op->self_seen |= tid == (uint32_t)op->self;
	s = rcgo__allthreads_entry_of(op, tid);
	if (s == NULL || op->filled >= RCGO_ALLTHREADS_ENTRIES / 4 * 3) {
		return all_fail(f, RCGO_ALLTHREADS_MANY, ENOMEM, 0);
	}
	switch (all_state_of(op, s)) {
	case RCGO_ALLTHREADS_SENT:
	case RCGO_ALLTHREADS_ARRIVED:
	case RCGO_ALLTHREADS_SELF:
		return true;
	case RCGO_ALLTHREADS_IGNORED:
		// The id may have been reused by another thread.
		if (rcgo__allthreads_is_idle(tid, &thread_state)) {
			return true;
		}
		break;
	case RCGO_ALLTHREADS_EXITED:
		break;
	default:
		s->tid = tid;
		op->order[op->filled++] = (uint32_t)(s - op->slots);
	}
	op->added += tid != (uint32_t)op->self;
	return all_signal_slot(op, s, f);
}

// Signals the threads of the last attempt.
static bool
all_signal_known(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	// There may be threads that are not in the table.
	op->added = 1;
	for (uint32_t i = 0; i < op->filled; i++) {
		if (!all_signal_slot(op, &op->slots[op->order[i]], f)) {
			return false;
		}
	}
	return true;
}

// Reads the list of threads and signals each thread that has not been signalled.
static bool
all_scan_list(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	_Alignas(8) char buf[2048];
	long n;

	op->seen = 0;
	op->added = 0;
	if (op->proc >= 0) {
		rcgo__raw_syscall(SYS_lseek, op->proc, 0, SEEK_SET, 0, 0, 0);
	} else {
		op->proc = (int)rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)TASKS,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
		if (op->proc < 0) {
			return all_fail(f, RCGO_ALLTHREADS_NO_PROC, -op->proc, 0);
		}
	}
	while ((n = rcgo__raw_syscall(SYS_getdents64, op->proc, (long)buf, sizeof buf, 0, 0, 0)) >
		0) {
		unsigned short size;

		for (long at = 0; at < n; at += size) {
			const char *name = buf + at + DIRENT_NAME;
			uint64_t tid;

			memcpy(&size, buf + at + DIRENT_RECLEN, sizeof size);
			if (rcgo__parse_uint(&name, &tid) == 0 &&
				!all_visit_thread(op, (uint32_t)tid, f)) {
				return false;
			}
		}
	}
	if (n < 0) {
		return all_fail(f, RCGO_ALLTHREADS_NO_PROC, (int)-n, 0);
	}
	// The list may lack this thread when others exit while it is read. It is then read again.
	// But a /proc of another PID namespace has other thread ids.
	return op->self_seen || rcgo__allthreads_is_listed((uint32_t)op->self) ||
	       all_fail(f, RCGO_ALLTHREADS_NO_PROC, ENOENT, 0);
}

// Changes an entry from SENT to another state, unless its thread has just arrived.
static void
all_claim_entry(struct rcgo_allthreads_request *op, struct rcgo_allthreads_entry *s,
	enum rcgo_allthreads_state to)
{
	uint32_t signalled = op->attempt << 3 | RCGO_ALLTHREADS_SENT;

	if (rcgo_cas(&s->state, &signalled, op->attempt << 3 | to)) {
		op->signalled--;
	}
}

// Finds out why one thread has not arrived. stopped_ns is how long other threads have waited.
static bool
all_inspect(struct rcgo_allthreads_request *op, struct rcgo_allthreads_entry *s,
	uint64_t stopped_ns, struct rcgo_allthreads_failure *f)
{
	uint64_t blocked, pending, limit;

	if (rcgo__allthreads_is_idle(s->tid, &f->thread_state)) {
		all_claim_entry(op, s, RCGO_ALLTHREADS_IGNORED);
		return true;
	}
	if (stopped_ns >= BLOCKED_NS && rcgo__allthreads_masks(s->tid, &blocked, &pending) &&
		(blocked & RCGO_SIGNAL_BIT(RCGO_ALLTHREADS_SIGNAL)) != 0) {
		return all_fail(f, RCGO_ALLTHREADS_BLOCKED, EBUSY, s->tid);
	}
	limit = f->thread_state == 'R' ? RUNNABLE_NS : NO_ANSWER_NS;
	return stopped_ns < limit || all_fail(f, RCGO_ALLTHREADS_NO_ANSWER, EBUSY, s->tid);
}

// Checks all threads that have not arrived.
static bool
all_poll_unresponsive(struct rcgo_allthreads_request *op, uint64_t idle_ns, uint64_t stopped_ns,
	struct rcgo_allthreads_failure *f)
{
	for (uint32_t i = 0; i < op->filled; i++) {
		struct rcgo_allthreads_entry *s = &op->slots[op->order[i]];

		if (all_state_of(op, s) != RCGO_ALLTHREADS_SENT) {
			continue;
		}
		if (rcgo__raw_syscall(SYS_tgkill, op->pid, (long)s->tid, 0, 0, 0, 0) == -ESRCH) {
			all_claim_entry(op, s, RCGO_ALLTHREADS_EXITED);
		} else if (idle_ns >= INSPECT_NS && !all_inspect(op, s, stopped_ns, f) &&
			   all_state_of(op, s) == RCGO_ALLTHREADS_SENT) {
			return false;
		}
	}
	return true;
}

// Waits until every signalled thread has arrived, or is known never to arrive.
static bool
all_await_all(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	uint32_t arrived = rcgo_load_acq(&op->arrived);
	uint64_t idle_since = 0;

	for (;;) {
		bool by_kill = op->no_room && arrived < op->signalled;
		uint32_t want = by_kill ? arrived + 1 : op->signalled;
		uint32_t before = arrived;
		uint64_t now;

		rcgo_store_rel(&op->wanted, want);
		if (by_kill) {
			rcgo__raw_syscall(SYS_kill, op->pid, RCGO_ALLTHREADS_SIGNAL, 0, 0, 0, 0);
		}
		if (op->yields != 0 && idle_since == 0) {
			rcgo__allthreads_yield(&op->arrived, want);
		}
		rcgo__allthreads_await(&op->arrived, want, idle_since == 0 ? POLL_NS : INSPECT_NS);
		arrived = rcgo_load_acq(&op->arrived);
		if (arrived >= op->signalled) {
			return true;
		}
		now = rcgo__allthreads_now();
		op->since = op->since != 0 ? op->since : now;
		// The first timeout only checks which threads have exited.
		idle_since = arrived != before || idle_since == 0 ? now : idle_since;
		if (arrived != before) {
			continue;
		}
		if (!all_poll_unresponsive(op, now - idle_since, now - op->since, f)) {
			return false;
		}
	}
}

bool
rcgo__allthreads_stop(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	if (!all_signal_known(op, f) || !all_await_all(op, f)) {
		return false;
	}
	// Stopped threads neither exit nor create threads. So if the kernel's count equals the
	// number of stopped threads and the caller, all are stopped. Kernel workers come and go at
	// any time. With them, a scan of the whole list must have found nothing new.
	while (rcgo__allthreads_listed() != op->signalled + 1 &&
		(op->added != 0 || op->seen != rcgo__allthreads_listed())) {
		uint64_t now = rcgo__allthreads_now();

		op->since = op->since != 0 ? op->since : now;
		if (now - op->since > NO_ANSWER_NS) {
			return all_fail(f, RCGO_ALLTHREADS_NO_ANSWER, EBUSY, 0);
		}
		if (!all_scan_list(op, f) || !all_await_all(op, f)) {
			return false;
		}
	}
	return true;
}

// What /proc reports of a thread that has not stopped. Runs while others are stopped.
// Contract: proc(5); PF_IO_WORKER and PF_USER_WORKER in Linux include/linux/sched.h.

#define PF_IO_WORKER 0x10
#define PF_USER_WORKER 0x4000
#define FLAGS_FIELD 9 // index of the field in the stat file, from 1

// Reads /proc/self/task/TID/NAME into buf, truncated to size. Returns the number of bytes or
// -errno.
RCGO_NO_SANITIZE static long
task_read(uint32_t tid, const char *name, char *buf, size_t size)
{
	char path[64];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);
	size_t done = 0;
	long fd, n;

	rcgo__append_str(&t, "/proc/self/task/");
	rcgo__append_uint(&t, tid, 0);
	rcgo__append_str(&t, "/");
	rcgo__append_str(&t, name);
	fd = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
	if (fd < 0) {
		return fd;
	}
	while (done < size - 1 && (n = rcgo__raw_syscall(SYS_read, fd, (long)(buf + done),
					   (long)(size - 1 - done), 0, 0, 0)) > 0) {
		done += (size_t)n;
	}
	rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	buf[done] = 0;
	return (long)done;
}

bool
rcgo__allthreads_is_idle(uint32_t tid, char *thread_state)
{
	char buf[1024];
	const char *at;
	uint64_t flags = 0;

	*thread_state = 0;
	// The thread's name, in parentheses, may contain any byte.
	if (task_read(tid, "stat", buf, sizeof buf) <= 0 || (at = strrchr(buf, ')')) == NULL ||
		at[1] == 0) {
		return false;
	}
	at += 2;
	*thread_state = *at;
	for (int field = 3; field < FLAGS_FIELD && at != NULL; field++) {
		at = strchr(at, ' ');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at != NULL) {
		rcgo__parse_uint(&at, &flags);
	}
	return *thread_state == 'Z' || *thread_state == 'X' ||
	       (flags & (PF_IO_WORKER | PF_USER_WORKER)) != 0;
}

static bool
mask_field(const char *status, const char *key, uint64_t *mask)
{
	const char *at = strstr(status, key);

	if (at == NULL) {
		return false;
	}
	at += strlen(key);
	return rcgo__parse_hex(&at, mask) == 0;
}

bool
rcgo__allthreads_masks(uint32_t tid, uint64_t *blocked, uint64_t *pending)
{
	// The list of groups precedes the masks. If it is too long for the buffer, the masks are
	// unknown.
	char buf[3072];

	return task_read(tid, "status", buf, sizeof buf) > 0 &&
	       mask_field(buf, "\nSigPnd:", pending) && mask_field(buf, "\nSigBlk:", blocked);
}

bool
rcgo__allthreads_waits_for_cpu(uint32_t tid, uint64_t *run_ns)
{
	char buf[96], state;
	const char *at = buf;
	uint64_t before = *run_ns;

	// The first number of schedstat is the time for which the thread has run.
	return task_read(tid, "schedstat", buf, sizeof buf) > 0 &&
	       rcgo__parse_uint(&at, run_ns) == 0 && !rcgo__allthreads_is_idle(tid, &state) &&
	       state == 'R' && *run_ns == before;
}

bool
rcgo__allthreads_is_listed(uint32_t tid)
{
	char buf[64];

	return task_read(tid, "stat", buf, sizeof buf) > 0;
}

// struct stat has the kernel's layout on some CPUs only; that of statx(2), of Linux 4.11, is the
// same on all.
#ifdef SYS_newfstatat
static uint32_t
directory_links(const char *path)
{
	struct stat st;
	long err = rcgo__raw_syscall(SYS_newfstatat, AT_FDCWD, (long)path, (long)&st, 0, 0, 0);

	return err == 0 ? (uint32_t)st.st_nlink : 0;
}
#else
#	define STATX_LINKS 4U // STATX_NLINK
static uint32_t
directory_links(const char *path)
{
	_Alignas(8) uint32_t st[64] = {0}; // struct statx; stx_nlink is its fifth word
	long err = rcgo__raw_syscall(
		SYS_statx, AT_FDCWD, (long)path, 0, (long)STATX_LINKS, (long)st, 0);

	return err == 0 ? st[4] : 0;
}
#endif

uint32_t
rcgo__allthreads_listed(void)
{
	uint32_t links = directory_links("/proc/self/task");

	return links > 2 ? links - 2 : 0;
}
