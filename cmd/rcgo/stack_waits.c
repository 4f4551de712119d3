// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: what threads in C wait for, and which of them wait for each other.
#include "stack.h"

#include <string.h>
#include <sys/syscall.h>

enum {
	FUTEX_COMMAND = 0x7f,
	FUTEX_LOCK_PI_OP = 6,
	FUTEX_TID = 0x3fffffff,
	MUTEX_OWNER = 8, // glibc's struct __pthread_mutex_s: __owner
	INNERMOST = 6,	 // the function that waits is one of the first frames
};

// glibc's functions, by which the word that is waited for is known to be part of what.
static const struct {
	const char *function, *kind;
} waiters[] = {
	{"pthread_mutex_lock", "mutex"},
	{"pthread_mutex_timedlock", "mutex"},
	{"pthread_mutex_clocklock", "mutex"},
	{"pthread_join", "thread"},
	{"pthread_timedjoin", "thread"},
	{"pthread_clockjoin", "thread"},
	{"pthread_cond_wait", "condition variable"},
	{"pthread_cond_timedwait", "condition variable"},
	{"pthread_cond_clockwait", "condition variable"},
	{"pthread_rwlock_rdlock", "read-write lock"},
	{"pthread_rwlock_wrlock", "read-write lock"},
	{"pthread_barrier_wait", "barrier"},
	{"sem_wait", "semaphore"},
	{"new_sem_wait", "semaphore"},
	{"sem_timedwait", "semaphore"},
};

static const char *
kind_by(const char *function)
{
	while (*function == '_') {
		function++;
	}
	function += has_prefix(function, "GI_") ? 3 : 0;
	while (*function == '_') {
		function++;
	}
	for (size_t i = 0; i < sizeof waiters / sizeof *waiters; i++) {
		if (has_prefix(function, waiters[i].function)) {
			return waiters[i].kind;
		}
	}
	return NULL;
}

static const char *
kind_of(struct stacks *s, const struct thread *th)
{
	const struct name *names;

	for (size_t i = 0; i < th->stack->n && i < INNERMOST; i++) {
		size_t n = th->stack->frame[i].lang == FRAME_C
				   ? names_of(s, &th->stack->frame[i], &names)
				   : 0;

		for (size_t k = 0; k < n; k++) {
			const char *kind = kind_by(names[k].function);

			if (kind != NULL) {
				return kind;
			}
		}
	}
	return NULL;
}

static struct thread *
thread_by(const struct stacks *s, int64_t ns_tid)
{
	for (size_t i = 0; i < s->t.threads; i++) {
		if (s->t.thread[i].ns_tid == ns_tid) {
			return &s->t.thread[i];
		}
	}
	return NULL;
}

static void
find_wait(struct stacks *s, struct thread *th)
{
	bool pi = (th->args[1] & FUTEX_COMMAND) == FUTEX_LOCK_PI_OP;
	uint32_t word = 0;
	uint64_t at;

	th->waits_at = th->args[0];
	th->waits_kind = kind_of(s, th);
	if (th->waits_kind == NULL) {
		return;
	}
	if (pi || strcmp(th->waits_kind, "thread") == 0) {
		at = th->waits_at;
	} else if (strcmp(th->waits_kind, "mutex") == 0) {
		at = th->waits_at + MUTEX_OWNER;
	} else {
		return;
	}
	if (target_read(&s->t, at, &word, sizeof word)) {
		word &= FUTEX_TID;
		th->waits_for = thread_by(s, word) != NULL ? (int64_t)word : 0;
	}
}

void
waits_find(struct stacks *s)
{
	for (size_t i = 0; i < s->t.threads; i++) {
		struct thread *th = &s->t.thread[i];

		if (th->stack != NULL && th->in_syscall && th->syscall == SYS_futex &&
			th->stack->n > 0 && th->stack->frame[0].lang == FRAME_C) {
			find_wait(s, th);
		}
	}
}

bool
waits_deadlock(const struct stacks *s, const struct thread *th)
{
	const struct thread *at = th;

	for (size_t i = 0; i <= s->t.threads && at != NULL; i++) {
		at = at->waits_for != 0 ? thread_by(s, at->waits_for) : NULL;
		if (at == th) {
			return true;
		}
	}
	// It waits for threads that wait for each other.
	return at != NULL;
}

// How a thread that another waits for fares itself.
const char *
waits_owner(struct stacks *s, const struct thread *th)
{
	const struct thread *owner = thread_by(s, th->waits_for);

	if (owner == th ||
		(owner != NULL && owner->waits_at == th->waits_at && owner->waits_kind != NULL)) {
		return ", which waits for it itself: DEADLOCK";
	}
	if (waits_deadlock(s, th)) {
		return ", which waits for this one in turn: DEADLOCK";
	}
	if (owner != NULL && strcmp(th->waits_kind, "mutex") == 0 &&
		(thread_kind(s, owner) == KIND_IDLE || thread_kind(s, owner) == KIND_GO)) {
		return ", which is in Go: locked in one C call, awaited in another"
		       " (no runtime.LockOSThread?)";
	}
	return "";
}
