// SPDX-License-Identifier: BSD-3-Clause
// System Calls: makes one system call on every thread of the process, or on none.
//
// The caller stops all other threads in a handler of signal 33, then makes the call itself. If the
// call succeeds, the stopped threads make it too. Then all threads continue. The caller finds any
// thread that cannot be stopped before it applies anything.
//
// glibc (setxid), musl (pthread_cancel) and libpsx also use signal 33. Our signals carry SI_QUEUE
// and a cookie. The handler forwards every other signal to the previous handler.
//
// The limit of pending signals (RLIMIT_SIGPENDING) may leave no room for a queued signal. The
// caller then calls kill(2) once for each remaining thread. Such a signal needs no queue entry, and
// the kernel delivers it to any thread that is not stopped yet. That thread looks up its own entry.
//
// State: one request at a time. The caller that holds the ticket lock writes every field, except
// those marked below; stopped threads only read. Between stop and release, the code here must not
// allocate, take a C library lock or access a thread-local variable, because other threads are
// stopped at arbitrary instructions.
//
// An attempt starts in phase STOPPING. The state of each thread's entry changes from SENT to
// ARRIVED by the thread's handler, which then increments `arrived`; or from SENT to EXITED or
// IGNORED by the caller. The attempt ends in phase RUNNING or RELEASED, and each arrived thread
// increments `left`. A late signal of an earlier attempt finds another attempt number in its entry
// and is dropped.
//
// Waiters call sched_yield a few times before they wait on the futex, which saves a wake-up. On
// busy processors one yield may cost a whole time slice of another process. So the first call does
// not yield, and after a slow call the following calls do not yield.
//
// The caller signals the threads of the last attempt first. The kernel's thread count then tells
// whether there are others. Only in that case does the caller read the list of threads, which costs
// about as much as all other steps together.
#ifndef RCGO_ALLTHREADS_H
#define RCGO_ALLTHREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "runtime_cgo.h"

// The C library does not let a program block this signal, and Go does not block it. Signal 34 is
// available to the program.
#define RCGO_ALLTHREADS_SIGNAL 33

// The size of the kernel's signal set, and the bit of one signal in it.
#define RCGO_SIGSET_BYTES 8
#define RCGO_SIGNAL_BIT(signal) ((uint64_t)1 << ((signal)-1))

// The size of the thread table, a hash table keyed by thread id. At most three quarters are used.
#define RCGO_ALLTHREADS_ENTRIES 65536U

enum rcgo_allthreads_state {
	RCGO_ALLTHREADS_SENT = 1,
	RCGO_ALLTHREADS_ARRIVED,
	RCGO_ALLTHREADS_EXITED,
	RCGO_ALLTHREADS_IGNORED,
	RCGO_ALLTHREADS_SELF, // the calling thread; the next caller may be another thread
};

// state is attempt << 3 | rcgo_allthreads_state. An entry of another attempt counts as empty. The
// caller writes the state; the handler of thread tid changes it once, by compare-and-swap.
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
	RCGO_ALLTHREADS_NO_ANSWER, // a thread is in uninterruptible sleep in the kernel
	RCGO_ALLTHREADS_NO_CPU,	   // a thread gets no processor
	RCGO_ALLTHREADS_REFUSED,   // the kernel refuses the signal or its handler
	RCGO_ALLTHREADS_NO_PROC,   // the list of threads cannot be read
	RCGO_ALLTHREADS_NO_MEMORY,
	RCGO_ALLTHREADS_MANY, // more threads than the table holds
};

// Why an attempt failed.
struct rcgo_allthreads_failure {
	enum rcgo_allthreads_cause cause;
	int err;
	uint32_t tid;
	char thread_state; // the state letter of /proc/PID/stat, or 0 when unknown
};

struct rcgo_allthreads_request {
	// attempt << 2 | rcgo_allthreads_phase. Stopped threads wait on this futex word.
	uint32_t phase;
	uint32_t arrived;
	uint32_t wanted; // the value of arrived at which the caller is woken
	uint32_t left;
	uint32_t left_wanted;
	uint32_t yields; // how often a stopped thread yields before it waits on the futex
	// The call and the caller's result; one different result, and the id of its thread.
	long number;
	uintptr_t args[6];
	long expected;
	long differing;
	uint32_t differing_tid;
	// The caller writes the fields below outside of the handler.
	uint32_t attempt;
	int32_t pid, self;
	int proc; // descriptor of /proc/self/task, or -1 until the caller opens it
	struct rcgo_allthreads_entry *slots;
	uint32_t *order;      // indices of the used slots, in the order of use
	uint32_t filled;      // number of elements in order
	uint32_t signalled;   // threads signalled and neither EXITED nor IGNORED
	uint32_t seen, added; // threads listed, and threads new, in the last scan of the list
	uint32_t no_yield;    // how many of the next calls do not yield
	uint64_t since;	      // when a wait for a thread first timed out; 0: never
	bool self_seen;	      // the last scan listed the calling thread
	bool no_room;	      // RLIMIT_SIGPENDING left no room for some signals
	// Why the last call was not made. A signal may still be pending for the thread in it.
	struct rcgo_allthreads_failure last;
};

// Returns the request, which is shared by the handler and the holder of the ticket lock.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_allthreads_request *rcgo__allthreads_request(void);

// Ensures that our handler receives the signal. Returns 0 or a positive errno.
// Safety: MT-Unsafe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__allthreads_install(void);

// Returns the cookie: the value of the signal that stops the thread of this slot.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__allthreads_cookie(uint32_t attempt, uint32_t slot);

// Sends signal 33 with this value to thread tid of process pid. Returns 0 or a positive errno.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__allthreads_send(int32_t pid, uint32_t tid, uint64_t value);

// Returns the entry that holds tid in this attempt, else an empty entry; NULL if the table is full.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_allthreads_entry *rcgo__allthreads_entry_of(
	struct rcgo_allthreads_request *op, uint32_t tid);

// Returns the number of threads of the process, or 0 if it is unknown. Threads that have exited but
// are still listed are included.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__allthreads_listed(void);

// Returns whether /proc lists a thread with this id in this process.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_is_listed(uint32_t tid);

// Starts an attempt with the entries of the last attempt whose threads had arrived.
// Safety: MT-Unsafe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_seed_from_last(
	struct rcgo_allthreads_request *op, uint32_t last_attempt);

// Stops all threads except the calling thread. On failure returns false and stores the reason in
// *f; threads that have stopped stay stopped.
// Safety: MT-Unsafe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_stop(
	struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f);

// Waits on the futex word until *word is at least want, or timeout_ns have passed (0: no limit).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_await(uint32_t *word, uint32_t want, long timeout_ns);

// Calls sched_yield until *word is at least want, or a fixed time has passed.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_yield(uint32_t *word, uint32_t want);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_wake(uint32_t *word, int threads);

// Returns the monotonic time in nanoseconds.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__allthreads_now(void);

// Returns whether the thread never runs code of the program again: it has exited, or it is an
// io_uring worker of the kernel. Stores its state letter of /proc, or 0.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_is_idle(uint32_t tid, char *thread_state);

// Returns whether the thread is runnable, and has not run since *run_ns was stored: it waits for a
// processor. Stores the time for which it has run, in nanoseconds. Returns false if the kernel does
// not tell (CONFIG_SCHED_INFO).
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_waits_for_cpu(uint32_t tid, uint64_t *run_ns);

// Stores the thread's masks of blocked and pending signals. Returns whether they are known.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__allthreads_masks(uint32_t tid, uint64_t *blocked, uint64_t *pending);

// Makes system call number on every thread. Returns its result or -errno. If the call was made,
// f->cause is RCGO_ALLTHREADS_NONE.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN long rcgo__allthreads_call(
	long number, const uintptr_t args[6], struct rcgo_allthreads_failure *f);

// The ticket lock that orders all-threads calls. A caller that changes every thread by another
// method, such as glibc's setxid, must hold it too. A waiting thread can still be stopped.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__ticket_lock_acquire(void);
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__ticket_lock_release(void);

// Describes f for a person to read: fills in *why.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__allthreads_explain(
	const struct rcgo_allthreads_failure *f, struct rcgo_all_threads_failure *why);

#endif // RCGO_ALLTHREADS_H
