// SPDX-License-Identifier: BSD-3-Clause
// System Calls: one system call on every thread of the process, all or nothing.
//
// All threads but the caller's are stopped in a handler of signal 33; the caller makes the call;
// when it succeeds the others make it too, and all go on. Whatever keeps a thread from stopping is
// found before anything is applied. Signal 33 is shared with glibc (setxid), musl (pthread_cancel)
// and libpsx: ours carries SI_QUEUE and a tag, all else goes on to the handler that was there
// before. Where the limit of pending signals leaves no room for ours, kill(2) is called as often as
// there are threads: such a signal needs no room, the kernel gives it to any thread that is not yet
// stopped, and that looks for its slot itself.
//
// State: one operation at a time. The caller that holds the lock writes all but what it says below;
// a stopped thread reads. Between stop and release nothing here may allocate, take a lock of libc,
// or touch a thread-local word: other threads are stopped anywhere.
//
// The life of an attempt: phase STOPPING; each thread's slot goes SENT -> ARRIVED (by its handler,
// which then counts in arrived) or SENT -> GONE or SKIPPED (by the caller); phase RUNNING or
// RELEASED; each arrived thread counts in left. A signal of an earlier attempt finds another
// number in its slot and is dropped.
//
// Who waits yields for a moment before it sleeps, which spares a wake-up. Where other work shares
// the processors a yield may cost a whole turn of theirs: so the first call does not yield, and
// after one that took too long the next ones do not.
//
// The threads of the last attempt are signalled first. The kernel's count of threads then tells
// whether these are all; only when they are not is the list of threads read, which costs about as
// much as the rest.
#ifndef RCGO_ALLTHREADS_H
#define RCGO_ALLTHREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "runtime_cgo.h"

// Open in every mask that libc lets a program make, and Go leaves it open; 34 is the program's.
#define RCGO_ALLTHREADS_SIGNAL 33

// The kernel's set of signals, and its size.
#define RCGO_SIGSET_BYTES 8
#define RCGO_SIGNAL_BIT(signal) ((uint64_t)1 << ((signal)-1))

// Slots, found by thread id; not more than three quarters are used.
#define RCGO_ALLTHREADS_ENTRIES 65536U

enum rcgo_allthreads_state {
	RCGO_ALLTHREADS_SENT = 1,
	RCGO_ALLTHREADS_ARRIVED,
	RCGO_ALLTHREADS_EXITED,
	RCGO_ALLTHREADS_IGNORED,
	RCGO_ALLTHREADS_SELF, // the caller's own: the next caller may be another thread
};

// state is attempt << 3 | rcgo_allthreads_state: another attempt's slot is empty.
// Written by the caller, and once by the handler of thread tid: compare and swap on state.
struct rcgo_allthreads_entry {
	uint32_t tid;
	uint32_t state;
};

enum rcgo_allthreads_phase {
	RCGO_ALLTHREADS_RELEASED,
	RCGO_ALLTHREADS_STOPPING,
	RCGO_ALLTHREADS_RUNNING
};

enum rcgo_allthreads_cause {
	RCGO_ALLTHREADS_NONE,
	RCGO_ALLTHREADS_BLOCKED,   // a thread blocks the signal
	RCGO_ALLTHREADS_NO_ANSWER, // a thread waits in the kernel, uninterruptibly
	RCGO_ALLTHREADS_REFUSED,   // the kernel refuses the signal or its handler
	RCGO_ALLTHREADS_NO_PROC,   // no list of threads
	RCGO_ALLTHREADS_NO_MEMORY,
	RCGO_ALLTHREADS_MANY, // more threads than slots
};

// Why an attempt failed.
struct rcgo_allthreads_failure {
	enum rcgo_allthreads_cause cause;
	int err;
	uint32_t tid;
	char thread_state; // as /proc says, 0 when not known
};

struct rcgo_allthreads_request {
	// attempt << 2 | rcgo_allthreads_phase; threads that are stopped wait for it to change.
	uint32_t phase;
	uint32_t arrived;
	uint32_t wanted; // the arrival that wakes the caller
	uint32_t left;
	uint32_t left_wanted;
	uint32_t yields; // of a thread that is stopped, before it sleeps
	// The call. What one thread got that differs, and its id.
	long number;
	uintptr_t args[6];
	long expected;
	long differing;
	uint32_t differing_tid;
	// The caller's own.
	uint32_t attempt;
	int32_t pid, self;
	int proc; // /proc/self/task, -1 until somebody has to look into it
	struct rcgo_allthreads_entry *slots;
	uint32_t *order;      // the slots in use, as they were filled
	uint32_t filled;      // slots in order
	uint32_t signalled;   // signalled, and neither gone nor skipped
	uint32_t seen, added; // in the last sweep
	uint32_t no_yield;    // calls that have not to yield
	uint64_t since;	      // when a thread first was waited for in vain, 0: never
	bool self_seen;
	bool no_room; // for the signals of some threads
	// Why the last call was not made: its signal may wait for that thread still.
	struct rcgo_allthreads_failure last;
};

// The operation. The handler and the holder of the lock use it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_allthreads_request *rcgo__allthreads_request(void);

// Sees to it that our handler gets the signal. Returns 0 or an errno.
// Safety: MT-Unsafe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__allthreads_install(void);

// The value of a signal that stops the thread of this slot.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__allthreads_cookie(uint32_t attempt, uint32_t slot);

// Sends signal 33 with this value. Returns 0 or a positive errno.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__allthreads_send(int32_t pid, uint32_t tid, uint64_t value);

// The slot of tid: one that has it in this attempt, else an empty one; NULL when there is none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_allthreads_entry *rcgo__allthreads_entry_of(
	struct rcgo_allthreads_request *op, uint32_t tid);

// How many threads the process has, with those that have ended but for their entry; 0 when that is
// not known.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__allthreads_listed(void);

// Whether /proc has a thread of this id in this process.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_is_listed(uint32_t tid);

// Begins an attempt: keeps of the slots of the last one those whose threads had arrived.
// Safety: MT-Unsafe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_seed_from_last(
	struct rcgo_allthreads_request *op, uint32_t last_attempt);

// Stops all threads but the caller's. On failure f says why, and those that have stopped stay so.
// Safety: MT-Unsafe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_stop(
	struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f);

// Waits until *word is at least want, or timeout_ns have gone (0: no limit).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_await(uint32_t *word, uint32_t want, long timeout_ns);

// Gives the processor away until *word is at least want, or long enough.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_yield(uint32_t *word, uint32_t want);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_wake(uint32_t *word, int threads);

// Nanoseconds of a clock that only goes forward.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__allthreads_now(void);

// Whether the thread never runs the program's code again: it has ended, or is the kernel's own for
// io_uring. Stores its state as /proc has it.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_is_idle(uint32_t tid, char *thread_state);

// The signals that the thread blocks and those that wait for it. Returns whether that is known.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_masks(uint32_t tid, uint64_t *blocked, uint64_t *pending);

// Makes system call number on every thread. Returns its result or -errno; f->cause tells whether
// it was made: RCGO_ALLTHREADS_NONE.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN long rcgo__allthreads_call(
	long number, const uintptr_t args[6], struct rcgo_allthreads_failure *f);

// The turn to make such a call: for who makes one by other means. Whoever waits can be stopped.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__ticket_lock_acquire(void);
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__ticket_lock_release(void);

// f in words, for people.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_explain(
	const struct rcgo_allthreads_failure *f, struct rcgo_all_threads_failure *why);

#endif // RCGO_ALLTHREADS_H
