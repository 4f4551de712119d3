// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the handler of signal 33, in which a thread stops for an all-threads call, and its
// installation beside the handlers of the C library and libpsx. The handler runs on any stack of
// any thread, at any instruction outside of the kernel, perhaps before the C library has
// initialised the thread.
//

//rcgo:small

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "allthreads.h"
#include "go_sigaction.h"
#include "raw_syscall.h"

#ifndef SA_RESTORER // the C library's headers do not define it
#	define SA_RESTORER 0x04000000
#endif

// The cookie, a signal's value, which is as wide as a pointer: ALL_MAGIC, the low bits of the
// attempt, the slot. A late signal whose bits are those of the present attempt stops its thread a
// little earlier than that thread's own signal would.
#if UINTPTR_MAX > UINT32_MAX
#	define ALL_MAGIC UINT64_C(0x52C6)
#	define ALL_ATTEMPT_BITS 24
#	define ALL_SLOT_BITS 24
#else
#	define ALL_MAGIC UINT64_C(0x16)
#	define ALL_ATTEMPT_BITS 10
#	define ALL_SLOT_BITS 17
#endif
#define ALL_ATTEMPT_MASK ((1U << ALL_ATTEMPT_BITS) - 1)
#define ALL_SLOT_MASK ((1U << ALL_SLOT_BITS) - 1)
// The slot number in a signal that only tests whether our handler receives it.
#define ALL_PROBE_SLOT ALL_SLOT_MASK
_Static_assert(RCGO_ALLTHREADS_ENTRIES <= ALL_PROBE_SLOT, "slots");

// owner: the caller that holds the lock, but for what the handler writes; lock: the ticket lock
// ordering: phase, the slots' state, arrived and left are atomics
static struct rcgo_allthreads_request all_op;

// The handler that was installed before ours. It gets every signal that is not ours.
// owner: rcgo__allthreads_install; lock: the ticket lock; ordering: release on writing, acquire on
// reading
static uintptr_t all_handler_before;
// owner: rcgo__allthreads_install; lock: the ticket lock; ordering: none, the kernel orders it
static bool all_installed_once;
// owner: the handler; lock: none; ordering: release on writing, acquire on reading
static uint32_t all_probes_seen;

struct rcgo_allthreads_request *
rcgo__allthreads_request(void)
{
	return &all_op;
}

uint64_t
rcgo__allthreads_cookie(uint32_t attempt, uint32_t slot)
{
	return ALL_MAGIC << (ALL_ATTEMPT_BITS + ALL_SLOT_BITS) |
	       (uint64_t)(attempt & ALL_ATTEMPT_MASK) << ALL_SLOT_BITS | slot;
}

RCGO_NO_SANITIZE void
rcgo__allthreads_wake(uint32_t *word, int threads)
{
	rcgo__raw_syscall(SYS_futex, (long)word, RCGO_FUTEX_WAKE, threads, 0, 0, 0);
}

// Makes the call on this thread, and records the first result that differs from the caller's.
RCGO_NO_SANITIZE static void
all_run_call(struct rcgo_allthreads_request *op, uint32_t tid)
{
	long result = rcgo__raw_syscall(op->number, (long)op->args[0], (long)op->args[1],
		(long)op->args[2], (long)op->args[3], (long)op->args[4], (long)op->args[5]);
	uint32_t nobody = 0;

	if (result != op->expected && rcgo_cas(&op->differing_tid, &nobody, tid)) {
		rcgo_store_rel(&op->differing, result);
	}
}

// Stops the calling thread until the attempt in phase stopping is over, and makes the call if the
// phase is then RUNNING.
RCGO_NO_SANITIZE static void
all_stop_self(struct rcgo_allthreads_request *op, uint32_t stopping, uint32_t slot)
{
	uint32_t attempt = stopping >> 2;
	uint32_t signalled = attempt << 3 | RCGO_ALLTHREADS_SENT;
	struct rcgo_allthreads_entry *slots = rcgo_load_acq(&op->slots);
	uint32_t tid = (uint32_t)rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	uint32_t phase;

	if (slots == NULL || slot >= RCGO_ALLTHREADS_ENTRIES || slots[slot].tid != tid ||
		rcgo_load_acq(&op->phase) != stopping ||
		!rcgo_cas(&slots[slot].state, &signalled, attempt << 3 | RCGO_ALLTHREADS_ARRIVED)) {
		return;
	}
	if (rcgo_add_acq_rel(&op->arrived, 1) + 1 == rcgo_load_acq(&op->wanted)) {
		rcgo__allthreads_wake(&op->arrived, 1);
	}
	for (uint32_t n = rcgo_load_rlx(&op->yields);
		n != 0 && rcgo_load_acq(&op->phase) == stopping; n--) {
		rcgo__raw_syscall(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
	}
	while ((phase = rcgo_load_acq(&op->phase)) == stopping) {
		rcgo__raw_syscall(
			SYS_futex, (long)&op->phase, RCGO_FUTEX_WAIT, (long)phase, 0, 0, 0);
	}
	if ((phase & 3) == RCGO_ALLTHREADS_RUNNING) {
		all_run_call(op, tid);
	}
	if (rcgo_add_acq_rel(&op->left, 1) + 1 == rcgo_load_acq(&op->left_wanted)) {
		rcgo__allthreads_wake(&op->left, 1);
	}
}

// Stops the calling thread after a signal of kill(2), which carries no cookie. Drops the signal if
// its attempt is over.
RCGO_NO_SANITIZE static void
all_stop_self_by_kill(struct rcgo_allthreads_request *op)
{
	uint32_t phase = rcgo_load_acq(&op->phase);
	struct rcgo_allthreads_entry *slots = rcgo_load_acq(&op->slots), *slot;

	if ((phase & 3) == RCGO_ALLTHREADS_STOPPING && slots != NULL) {
		slot = rcgo__allthreads_entry_of(
			op, (uint32_t)rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0));
		if (slot != NULL) {
			all_stop_self(op, phase, (uint32_t)(slot - slots));
		}
	}
}

// Forwards a signal that is not ours.
// Indirect: the handler that had the signal before: libc's, or libpsx's.
RCGO_NO_SANITIZE static void
all_forward(int signal, siginfo_t *info, void *context)
{
	uintptr_t before = rcgo_load_acq(&all_handler_before);
	go_sigaction_t dfl;

	if (before == (uintptr_t)SIG_IGN) {
		return;
	}
	if (before != (uintptr_t)SIG_DFL) {
		((void (*)(int, siginfo_t *, void *))before)(signal, info, context);
		return;
	}
	// Take the signal's default action, as it would be without our handler.
	memset(&dfl, 0, sizeof dfl);
	rcgo__raw_syscall(SYS_rt_sigaction, signal, (long)&dfl, 0, RCGO_SIGSET_BYTES, 0, 0);
	rcgo__raw_syscall(SYS_tgkill, rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0),
		rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0), signal, 0, 0, 0);
}

RCGO_NO_SANITIZE static void
on_all_signal(int signal, siginfo_t *info, void *context)
{
	uint64_t value = (uint64_t)(uintptr_t)info->si_value.sival_ptr;
	uint32_t attempt = (uint32_t)(value >> ALL_SLOT_BITS) & ALL_ATTEMPT_MASK;
	uint32_t slot = (uint32_t)value & ALL_SLOT_MASK;
	uint32_t phase = rcgo_load_acq(&all_op.phase);

	// A signal of kill(2) from this process. si_pid is 0 where the kernel does not report it.
	if (info->si_code == SI_USER && (info->si_pid == 0 || info->si_pid == all_op.pid)) {
		all_stop_self_by_kill(&all_op);
	} else if (info->si_code != SI_QUEUE ||
		   value >> (ALL_ATTEMPT_BITS + ALL_SLOT_BITS) != ALL_MAGIC) {
		all_forward(signal, info, context);
	} else if (slot == ALL_PROBE_SLOT) {
		rcgo_store_rel(&all_probes_seen, attempt);
	} else if ((phase & 3) == RCGO_ALLTHREADS_STOPPING &&
		   (phase >> 2 & ALL_ATTEMPT_MASK) == attempt) {
		all_stop_self(&all_op, phase, slot);
	}
}

int
rcgo__allthreads_send(int32_t pid, uint32_t tid, uint64_t value)
{
	siginfo_t info;

	memset(&info, 0, sizeof info);
	info.si_signo = RCGO_ALLTHREADS_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = pid;
	info.si_value.sival_ptr = (void *)(uintptr_t)value;
	return (int)-rcgo__raw_syscall(
		SYS_rt_tgsigqueueinfo, pid, (long)tid, RCGO_ALLTHREADS_SIGNAL, (long)&info, 0, 0);
}

// Returns whether the handler that was installed after ours forwards our signals, as libpsx's does.
// If ours were installed over such a handler again, each would forward foreign signals to the other
// without end.
static bool
all_is_reached(const struct rcgo_allthreads_request *op)
{
	uint64_t open = RCGO_SIGNAL_BIT(RCGO_ALLTHREADS_SIGNAL);
	uint64_t mask;
	uint32_t probe = (rcgo_load_acq(&all_probes_seen) + 1) & ALL_ATTEMPT_MASK;
	int err;

	rcgo__raw_syscall(
		SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&open, (long)&mask, RCGO_SIGSET_BYTES, 0, 0);
	// The signal is delivered before the call returns.
	err = rcgo__allthreads_send(
		op->pid, (uint32_t)op->self, rcgo__allthreads_cookie(probe, ALL_PROBE_SLOT));
	rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, RCGO_SIGSET_BYTES, 0, 0);
	// If the signal could not be sent, the answer is unknown; the next attempt then fails.
	return err != 0 || rcgo_load_acq(&all_probes_seen) == probe;
}

int
rcgo__allthreads_install(void)
{
	go_sigaction_t now, ours;
	long err = rcgo__raw_syscall(
		SYS_rt_sigaction, RCGO_ALLTHREADS_SIGNAL, 0, (long)&now, RCGO_SIGSET_BYTES, 0, 0);

	if (err != 0 || now.handler == (uintptr_t)on_all_signal) {
		return (int)-err;
	}
	if (all_installed_once && now.handler != (uintptr_t)SIG_DFL &&
		now.handler != (uintptr_t)SIG_IGN && all_is_reached(&all_op)) {
		return 0;
	}
	rcgo_store_rel(&all_handler_before, now.handler);
	memset(&ours, 0, sizeof ours);
	ours.handler = (uintptr_t)on_all_signal;
	ours.flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESTORER;
	ours.restorer = (uintptr_t)rcgo__sigreturn;
	ours.mask = rcgo__sigset_full();
	all_installed_once = true;
	return (int)-rcgo__raw_syscall(
		SYS_rt_sigaction, RCGO_ALLTHREADS_SIGNAL, (long)&ours, 0, RCGO_SIGSET_BYTES, 0, 0);
}

// The thread table. rcgo__allthreads_entry_of also runs in the handler.

RCGO_NO_SANITIZE struct rcgo_allthreads_entry *
rcgo__allthreads_entry_of(struct rcgo_allthreads_request *op, uint32_t tid)
{
	uint32_t i = tid; // thread ids are mostly consecutive, so their entries share pages

	for (uint32_t n = 0; n < RCGO_ALLTHREADS_ENTRIES; n++, i++) {
		struct rcgo_allthreads_entry *s = &op->slots[i % RCGO_ALLTHREADS_ENTRIES];

		if (rcgo_load_acq(&s->state) >> 3 != op->attempt || s->tid == tid) {
			return s;
		}
	}
	return NULL;
}

void
rcgo__allthreads_seed_from_last(struct rcgo_allthreads_request *op, uint32_t last_attempt)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < op->filled; i++) {
		uint32_t index = op->order[i];
		const struct rcgo_allthreads_entry *s = &op->slots[index];
		uint32_t state = rcgo_load_acq(&s->state);

		// Drop an entry that is not at its home slot: a scan would not find it there.
		if (index == s->tid % RCGO_ALLTHREADS_ENTRIES &&
			(state == (last_attempt << 3 | RCGO_ALLTHREADS_ARRIVED) ||
				state == (last_attempt << 3 | RCGO_ALLTHREADS_SELF))) {
			op->order[kept++] = index;
		}
	}
	op->filled = kept;
}
