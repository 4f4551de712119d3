// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the locks for which threads in C wait, and deadlocks between threads.
#include "stack.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

enum {
	FUTEX_AMD64 = 202, // the number of the system call on Linux
	FUTEX_ARM64 = 98,
	FUTEX_COMMAND = 0x7f,
	FUTEX_LOCK_PI_OP = 6,
	FUTEX_TID = 0x3fffffff,
	MUTEX_OWNER = 8, // glibc's struct __pthread_mutex_s: __owner
	INNERMOST = 8,	 // the waiting function is one of the first frames
	// glibc's struct __pthread_rwlock_arch_t, and the lowest bits of __readers.
	RWLOCK_PHASE = 8,
	RWLOCK_WRITERS = 12,
	RWLOCK_WRITER = 24,
	RWLOCK_WRITE_PHASE = 1,
	RWLOCK_READER_SHIFT = 3,
	RWLOCK_FUTEX_MAX = 3,
	// musl's struct of a mutex: the type is before the lock, which is the owner unless it is 0.
	MUSL_TYPE = 3,
	// glibc's _IO_lock_t and struct pthread of 64-bit CPUs.
	STREAM_OWNER = 8,
	PTHREAD_TID = 720,
};

// glibc's functions by which the type of the object that contains the futex word is known.
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
	{"pthread_rwlock_timed", "read-write lock"},
	{"pthread_rwlock_clock", "read-write lock"},
	{"pthread_rwlock_tryr", "read-write lock"},
	{"pthread_barrier_wait", "barrier"},
	{"pthread_once", "pthread_once"},
	{"flockfile", "stream"},
	{"IO_flockfile", "stream"},
	{"IO_puts", "stream"},
	{"IO_fputs", "stream"},
	{"IO_fwrite", "stream"},
	{"IO_fflush", "stream"},
	{"fflush_unlocked", "stream"},
	{"IO_putc", "stream"},
	{"fputc", "stream"},
	{"vfprintf_internal", "stream"},
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

// Returns the type of the object for which the thread waits, from the first frame that determines
// it. Sets *musl if the code is musl's.
static const char *
kind_of(struct stacks *s, const struct thread *th, bool *musl)
{
	const struct name *names;

	*musl = false;
	for (size_t i = 0; i < th->stack->n && i < INNERMOST; i++) {
		size_t n = th->stack->frame[i].lang == FRAME_C
				   ? names_of(s, &th->stack->frame[i], &names)
				   : 0;

		for (size_t k = 0; k < n; k++) {
			const char *kind = kind_by(names[k].function);

			*musl |= has_prefix(names[k].function, "__timedwait");
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

static uint32_t
half_word(struct stacks *s, uint64_t address)
{
	uint32_t word;

	return target_read(&s->t, address, &word, sizeof word) ? word : 0;
}

// Returns the owner of a musl mutex whose lock is at the address at.
static uint32_t
musl_owner(struct stacks *s, uint64_t at)
{
	return (half_word(s, at - 4) & MUSL_TYPE) != 0 ? half_word(s, at) : 0;
}

// A read-write lock. Threads wait at one of three words of it. It records the writer and the
// number of readers.
static uint32_t
rwlock_owner(struct stacks *s, struct thread *th, uint64_t at)
{
	uint64_t lock = at % 8 != 0			      ? at - RWLOCK_WRITERS
			: half_word(s, at) > RWLOCK_FUTEX_MAX ? at
							      : at - RWLOCK_PHASE;
	uint32_t readers = half_word(s, lock);

	th->waits_at = lock;
	if ((readers & RWLOCK_WRITE_PHASE) == 0) {
		th->waits_readers = readers >> RWLOCK_READER_SHIFT;
		return 0;
	}
	return half_word(s, lock + RWLOCK_WRITER);
}

// Returns the owner of a FILE, from its struct pthread, which begins with pointers to itself.
static uint32_t
stream_owner(struct stacks *s, uint64_t at)
{
	uint64_t pthread, head[3];

	return target_word(&s->t, at + STREAM_OWNER, &pthread) &&
			       target_read(&s->t, pthread, head, sizeof head) &&
			       head[0] == pthread && head[2] == pthread
		       ? half_word(s, pthread + PTHREAD_TID)
		       : 0;
}

static void
find_wait(struct stacks *s, struct thread *th)
{
	bool pi = (th->args[1] & FUTEX_COMMAND) == FUTEX_LOCK_PI_OP;
	uint32_t owner = 0;
	uint64_t at = th->args[0];
	bool musl;

	th->waits_at = at;
	th->waits_kind = kind_of(s, th, &musl);
	if (th->waits_kind == NULL) {
		return;
	}
	if (pi || strcmp(th->waits_kind, "thread") == 0) {
		owner = half_word(s, at);
	} else if (strcmp(th->waits_kind, "mutex") == 0) {
		owner = musl ? musl_owner(s, at) : half_word(s, at + MUTEX_OWNER);
	} else if (strcmp(th->waits_kind, "read-write lock") == 0 && !musl) {
		owner = rwlock_owner(s, th, at);
	} else if (strcmp(th->waits_kind, "stream") == 0 && !musl) {
		owner = stream_owner(s, at);
	}
	owner &= FUTEX_TID;
	th->waits_for = owner != 0 && thread_by(s, owner) != NULL ? (int64_t)owner : 0;
}

pid_t
waits_thread(const struct stacks *s, const struct thread *th)
{
	const struct thread *owner = thread_by(s, th->waits_for);

	return owner != NULL ? owner->tid : (pid_t)th->waits_for;
}

// Returns the goroutine that waits in Go and is locked to this thread, which therefore
// has no other work.
const struct goroutine *
waits_parked(const struct stacks *s, const struct thread *th)
{
	for (size_t i = 0; i < s->goroutines; i++) {
		const struct goroutine *g = &s->goroutine[i];

		for (unsigned k = 0; k < th->ms && th->goroutine == NULL; k++) {
			if (g->runtime == th->own[k].runtime && g->g.lockedm == th->own[k].m) {
				return g;
			}
		}
	}
	return NULL;
}

void
waits_find(struct stacks *s)
{
	long futex_call = s->t.machine == EM_AARCH64 ? FUTEX_ARM64 : FUTEX_AMD64;

	for (size_t i = 0; i < s->t.threads; i++) {
		struct thread *th = &s->t.thread[i];

		if (th->stack != NULL && th->in_syscall && th->syscall == futex_call &&
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
	// The thread waits for threads that wait for each other.
	return at != NULL;
}

// Describes the state of a thread for which another thread waits.
const char *
waits_owner(struct stacks *s, const struct thread *th)
{
	const struct thread *owner = thread_by(s, th->waits_for);
	const struct goroutine *parked;

	if (owner == th ||
		(owner != NULL && owner->waits_at == th->waits_at && owner->waits_kind != NULL)) {
		return ", which waits for it itself: DEADLOCK";
	}
	if (waits_deadlock(s, th)) {
		return ", which waits for this one in turn: DEADLOCK";
	}
	if (owner == NULL || strcmp(th->waits_kind, "thread") == 0) {
		return "";
	}
	parked = waits_parked(s, owner);
	if (parked != NULL) {
		return fmt(", whose goroutine %" PRIu64 " waits in Go: %s", parked->g.goid,
			parked->reason != NULL ? parked->reason : goroutine_state(&parked->g));
	}
	return thread_kind(s, owner) == KIND_IDLE || thread_kind(s, owner) == KIND_GO
		       ? ", which is in Go: locked in one C call, awaited in another"
			 " (no runtime.LockOSThread?)"
		       : "";
}
