// SPDX-License-Identifier: BSD-3-Clause
// System Calls: stops all threads but the caller's for an all-threads call. Runs on the caller's
// stack with all signals blocked, while other threads are stopped anywhere.
// Contract: the kernel's fs/proc/base.c (proc_task_readdir, proc_task_getattr), kernel/signal.c.

#include "rcgo_allthreads.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "rcgo_raw.h"
#include "rcgo_text.h"

#define US 1000L

// How long nothing may happen before a thread is asked whether it is there, and what keeps it;
// and how long others stay stopped for one that blocks the signal, or does not answer.
#define ASK_NS (100 * US)
#define LOOK_NS (2000 * US)
#define BLOCKED_NS (10000 * US)
#define SILENT_NS (100000 * US)

#define TASKS "/proc/self/task"

// What getdents64(2) stores: ino 8, off 8, reclen 2, type 1, name.
#define DIRENT_RECLEN 16
#define DIRENT_NAME 19

static bool
all_fail(struct rcgo_all_failure *f, enum rcgo_all_cause cause, int err, uint32_t tid)
{
	f->cause = cause;
	f->err = err;
	f->tid = tid;
	return false;
}

static enum rcgo_all_state
all_state_of(const struct rcgo_all_op *op, struct rcgo_all_slot *s)
{
	uint32_t state = rcgo_load_acq(&s->state);

	return state >> 3 == op->attempt ? (enum rcgo_all_state)(state & 7) : 0;
}

// Signals the thread of slot s. A thread that has ended is no failure.
static bool
all_signal_slot(struct rcgo_all_op *op, struct rcgo_all_slot *s, struct rcgo_all_failure *f)
{
	uint64_t tag = rcgo__all_tag(op->attempt, (uint32_t)(s - op->slots));
	int err;

	if (s->tid == (uint32_t)op->self) {
		rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALL_SELF);
		return true;
	}
	rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALL_SENT);
	op->sent++;
	err = rcgo__all_send(op->pid, s->tid, tag);
	op->no_room |= err == EAGAIN;
	if (err == 0 || err == EAGAIN) {
		return true;
	}
	rcgo_store_rel(&s->state, op->attempt << 3 | RCGO_ALL_GONE);
	op->sent--;
	if (err == ESRCH) {
		return true;
	}
	return all_fail(f, RCGO_ALL_REFUSED, err, s->tid);
}

// Deals with one entry of the list of threads.
static bool
all_meet(struct rcgo_all_op *op, uint32_t tid, struct rcgo_all_failure *f)
{
	struct rcgo_all_slot *s;
	char thread_state;

	op->seen++;
	op->self_seen |= tid == (uint32_t)op->self;
	s = rcgo__all_slot_of(op, tid);
	if (s == NULL || op->filled >= RCGO_ALL_SLOTS / 4 * 3) {
		return all_fail(f, RCGO_ALL_MANY, ENOMEM, 0);
	}
	switch (all_state_of(op, s)) {
	case RCGO_ALL_SENT:
	case RCGO_ALL_ARRIVED:
	case RCGO_ALL_SELF:
		return true;
	case RCGO_ALL_SKIPPED:
		// The id may have become another thread's.
		if (rcgo__all_is_idle(tid, &thread_state)) {
			return true;
		}
		break;
	case RCGO_ALL_GONE:
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
all_signal_known(struct rcgo_all_op *op, struct rcgo_all_failure *f)
{
	// There may be others.
	op->added = 1;
	for (uint32_t i = 0; i < op->filled; i++) {
		if (!all_signal_slot(op, &op->slots[op->order[i]], f)) {
			return false;
		}
	}
	return true;
}

// Signals every thread of the list that has not been.
static bool
all_sweep(struct rcgo_all_op *op, struct rcgo_all_failure *f)
{
	_Alignas(8) char buf[2048];
	long n;

	op->seen = 0;
	op->added = 0;
	if (op->proc >= 0) {
		rcgo__raw(SYS_lseek, op->proc, 0, SEEK_SET, 0, 0, 0);
	} else {
		op->proc = (int)rcgo__raw(SYS_openat, AT_FDCWD, (long)TASKS,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
		if (op->proc < 0) {
			return all_fail(f, RCGO_ALL_NO_PROC, -op->proc, 0);
		}
	}
	while ((n = rcgo__raw(SYS_getdents64, op->proc, (long)buf, sizeof buf, 0, 0, 0)) > 0) {
		unsigned short size;

		for (long at = 0; at < n; at += size) {
			const char *name = buf + at + DIRENT_NAME;
			uint64_t tid;

			memcpy(&size, buf + at + DIRENT_RECLEN, sizeof size);
			if (rcgo__parse_dec(&name, &tid) == 0 && !all_meet(op, (uint32_t)tid, f)) {
				return false;
			}
		}
	}
	if (n < 0) {
		return all_fail(f, RCGO_ALL_NO_PROC, (int)-n, 0);
	}
	// It may lack this one when others end while it is read: then it is read again. But a /proc
	// of another PID namespace has other ids.
	return op->self_seen || rcgo__all_is_listed((uint32_t)op->self) ||
	       all_fail(f, RCGO_ALL_NO_PROC, ENOENT, 0);
}

// The caller takes a slot, unless its thread was faster.
static void
all_take_slot(struct rcgo_all_op *op, struct rcgo_all_slot *s, enum rcgo_all_state to)
{
	uint32_t sent = op->attempt << 3 | RCGO_ALL_SENT;

	if (rcgo_cas(&s->state, &sent, op->attempt << 3 | to)) {
		op->sent--;
	}
}

// Looks for what keeps one thread that has not arrived; stopped_ns is how long others wait for it.
static bool
all_look_at(struct rcgo_all_op *op, struct rcgo_all_slot *s, uint64_t stopped_ns,
	struct rcgo_all_failure *f)
{
	uint64_t blocked, pending;

	if (rcgo__all_is_idle(s->tid, &f->thread_state)) {
		all_take_slot(op, s, RCGO_ALL_SKIPPED);
		return true;
	}
	if (stopped_ns >= BLOCKED_NS && rcgo__all_masks(s->tid, &blocked, &pending) &&
		(blocked & RCGO_SIGNAL_BIT(RCGO_ALL_SIGNAL)) != 0) {
		return all_fail(f, RCGO_ALL_BLOCKED, EBUSY, s->tid);
	}
	return stopped_ns < SILENT_NS || all_fail(f, RCGO_ALL_NO_ANSWER, EBUSY, s->tid);
}

// Looks at all that have not arrived.
static bool
all_look_round(
	struct rcgo_all_op *op, uint64_t idle_ns, uint64_t stopped_ns, struct rcgo_all_failure *f)
{
	for (uint32_t i = 0; i < op->filled; i++) {
		struct rcgo_all_slot *s = &op->slots[op->order[i]];

		if (all_state_of(op, s) != RCGO_ALL_SENT) {
			continue;
		}
		if (rcgo__raw(SYS_tgkill, op->pid, (long)s->tid, 0, 0, 0, 0) == -ESRCH) {
			all_take_slot(op, s, RCGO_ALL_GONE);
		} else if (idle_ns >= LOOK_NS && !all_look_at(op, s, stopped_ns, f) &&
			   all_state_of(op, s) == RCGO_ALL_SENT) {
			return false;
		}
	}
	return true;
}

// Waits until every thread that was signalled has arrived, or is known never to.
static bool
all_await_all(struct rcgo_all_op *op, struct rcgo_all_failure *f)
{
	uint32_t arrived = rcgo_load_acq(&op->arrived);
	uint64_t idle_since = 0;

	for (;;) {
		bool by_kill = op->no_room && arrived < op->sent;
		uint32_t want = by_kill ? arrived + 1 : op->sent;
		uint32_t before = arrived;
		uint64_t now;

		rcgo_store_rel(&op->wanted, want);
		if (by_kill) {
			rcgo__raw(SYS_kill, op->pid, RCGO_ALL_SIGNAL, 0, 0, 0, 0);
		}
		if (op->yields != 0 && idle_since == 0) {
			rcgo__all_yield(&op->arrived, want);
		}
		rcgo__all_await(&op->arrived, want, idle_since == 0 ? ASK_NS : LOOK_NS);
		arrived = rcgo_load_acq(&op->arrived);
		if (arrived >= op->sent) {
			return true;
		}
		now = rcgo__all_now();
		op->since = op->since != 0 ? op->since : now;
		// The first time it is only asked who has gone.
		idle_since = arrived != before || idle_since == 0 ? now : idle_since;
		if (arrived != before) {
			continue;
		}
		if (!all_look_round(op, now - idle_since, now - op->since, f)) {
			return false;
		}
	}
}

bool
rcgo__all_stop(struct rcgo_all_op *op, struct rcgo_all_failure *f)
{
	if (!all_signal_known(op, f) || !all_await_all(op, f)) {
		return false;
	}
	// Stopped threads neither end nor start others: if they are all, it is done. The kernel's
	// own threads come and go as they like, so with them the whole list must have been seen
	// without anything new in it.
	while (rcgo__all_listed() != op->sent + 1 &&
		(op->added != 0 || op->seen != rcgo__all_listed())) {
		uint64_t now = rcgo__all_now();

		op->since = op->since != 0 ? op->since : now;
		if (now - op->since > SILENT_NS) {
			return all_fail(f, RCGO_ALL_NO_ANSWER, EBUSY, 0);
		}
		if (!all_sweep(op, f) || !all_await_all(op, f)) {
			return false;
		}
	}
	return true;
}
