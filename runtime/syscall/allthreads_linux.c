// SPDX-License-Identifier: BSD-3-Clause
// System Calls: the calling thread's side of an all-threads call. One call is made at a time. It is
// retried until each thread has stopped or the time is up. Runs on the caller's stack.
// Re-read runtime/os_linux.go (syscall_runtime_doAllThreadsSyscall) for what Go promises.

#include "allthreads.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "fork_detect.h"
#include "raw_syscall.h"
#include "stats_page.h"
#include "strbuf.h"

#define ONE_MS UINT64_C(1000000)

// The time limit for one thread that blocks the signal; and the total limit, for a thread that is
// stuck in the kernel, or for one blocking thread after another, as when many threads are created
// on overloaded processors.
#define GIVE_UP_NS (1000 * ONE_MS)
#define GIVE_UP_ALL_NS (5000 * ONE_MS)
// Time in which the thread waits for a processor does not count, but no call waits longer than
// this.
#define GIVE_UP_NO_CPU_NS (60000 * ONE_MS)
#define PAUSE_FIRST_NS (1 * ONE_MS)
#define PAUSE_LAST_NS (50 * ONE_MS)

// How often a stopped thread yields; the time that a fast attempt takes at most; and how many calls
// do not yield after a slower one. On an idle machine an attempt takes 5 to 10 us per thread. A
// time slice is 3 ms or more.
#define YIELDS 8
#define FAST_ATTEMPT_NS (1 * ONE_MS)
#define FAST_PER_THREAD_NS (ONE_MS / 50)
#define CALLS_WITHOUT_YIELD 256

#define ATTEMPT_MASK 0xffffffU

// Maps the thread table at the first call.
static bool
all_prepare(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	if (op->slots == NULL) {
		size_t size = RCGO_ALLTHREADS_ENTRIES * (sizeof *op->slots + sizeof *op->order);
		long at = rcgo__raw_mmap(size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

		if (rcgo__raw_failed(at)) {
			f->cause = RCGO_ALLTHREADS_NO_MEMORY;
			f->err = (int)-at;
			return false;
		}
		op->order =
			(uint32_t *)((struct rcgo_allthreads_entry *)at + RCGO_ALLTHREADS_ENTRIES);
		rcgo_store_rel(&op->slots, (struct rcgo_allthreads_entry *)at);
	}
	return true;
}

// Sets the phase, which releases all stopped threads, with or without the call. Waits until they
// have left the handler.
static void
all_finish(struct rcgo_allthreads_request *op, enum rcgo_allthreads_phase phase)
{
	uint32_t signalled = op->attempt << 3 | RCGO_ALLTHREADS_SENT;
	uint32_t stopped = 0;

	for (uint32_t i = 0; i < op->filled; i++) {
		uint32_t *state = &op->slots[op->order[i]].state;
		uint32_t was = signalled;

		// A handler that starts later finds that its entry is not SENT.
		if (!rcgo_cas(state, &was, op->attempt << 3 | RCGO_ALLTHREADS_EXITED)) {
			stopped += was == (op->attempt << 3 | RCGO_ALLTHREADS_ARRIVED);
		}
	}
	rcgo_store_rel(&op->left_wanted, stopped);
	rcgo_store_rel(&op->phase, op->attempt << 2 | (uint32_t)phase);
	if (stopped != 0) {
		rcgo__allthreads_wake(&op->phase, INT_MAX);
		if (op->yields != 0) {
			rcgo__allthreads_yield(&op->left, stopped);
		}
		rcgo__allthreads_await(&op->left, stopped, 0);
	}
}

// Ends the process after two threads got different results, because its threads now have different
// rights or identities.
static RCGO_COLD RCGO_NORETURN void
fatal_differing(const struct rcgo_allthreads_request *op)
{
	char buf[320];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);
	const struct {
		long result;
		uint32_t tid;
	} said[] = {{op->expected, (uint32_t)op->self}, {op->differing, op->differing_tid}};

	rcgo__append_str(&t, "runtime/cgo: all-threads system call ");
	rcgo__append_uint(&t, (uint64_t)op->number, 0);
	for (unsigned i = 0; i < RCGO_COUNTOF(said); i++) {
		bool failed = said[i].result < 0 && said[i].result > -4096;

		rcgo__append_str(&t, i == 0 ? " gave " : ", but ");
		rcgo__append_str(&t, failed ? "errno " : "");
		rcgo__append_uint(&t, (uint64_t)(failed ? -said[i].result : said[i].result), 0);
		rcgo__append_str(&t, " on thread ");
		rcgo__append_uint(&t, said[i].tid, 0);
	}
	rcgo__append_str(&t, ": threads now differ in what they may do, and the process ends.\n");
	rcgo__strbuf_write(&t, 2);
	for (;;) {
		rcgo__raw_syscall(SYS_kill, op->pid, SIGKILL, 0, 0, 0, 0);
	}
}

static long
all_call(const struct rcgo_allthreads_request *op)
{
	const uintptr_t *a = op->args;

	return rcgo__raw_syscall(
		op->number, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4], (long)a[5]);
}

// Decides whether the next attempts yield, from the time that the last one took.
static void
all_set_no_yield(struct rcgo_allthreads_request *op, uint64_t took_ns)
{
	if (took_ns > FAST_ATTEMPT_NS + op->signalled * FAST_PER_THREAD_NS) {
		op->no_yield = CALLS_WITHOUT_YIELD;
	} else if (op->no_yield != 0) {
		op->no_yield--;
	}
}

// Makes one attempt, with all signals blocked. Returns whether all threads were stopped; the result
// of the call is then in op->expected.
static bool
all_attempt(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	uint64_t from = rcgo__allthreads_now();
	uint32_t last = op->attempt;
	uint64_t all = ~UINT64_C(0);
	uint64_t mask;
	bool stopped, succeeded;

	op->attempt = (op->attempt + 1) & ATTEMPT_MASK;
	op->attempt += op->attempt == 0;
	rcgo__allthreads_seed_from_last(op, last);
	op->signalled = 0;
	op->since = 0;
	op->self_seen = false;
	op->no_room = false;
	op->differing_tid = 0;
	rcgo_store_rlx(&op->yields, op->no_yield == 0 ? YIELDS : 0);
	rcgo_store_rlx(&op->arrived, 0);
	rcgo_store_rlx(&op->left, 0);
	rcgo__raw_syscall(
		SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&mask, RCGO_SIGSET_BYTES, 0, 0);
	rcgo_store_rel(&op->phase, op->attempt << 2 | RCGO_ALLTHREADS_STOPPING);
	stopped = rcgo__allthreads_stop(op, f);
	if (stopped) {
		op->expected = all_call(op);
	}
	succeeded = stopped && !(op->expected < 0 && op->expected > -4096);
	all_finish(op, succeeded ? RCGO_ALLTHREADS_RUNNING : RCGO_ALLTHREADS_RELEASED);
	rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, RCGO_SIGSET_BYTES, 0, 0);
	if (op->differing_tid != 0) {
		fatal_differing(op);
	}
	all_set_no_yield(op, rcgo__allthreads_now() - from);
	return stopped;
}

// Returns whether the thread blocks the signal, or has not yet taken the last one.
static bool
is_unresponsive(const struct rcgo_allthreads_failure *f)
{
	uint64_t blocked, pending;

	return f->tid != 0 && rcgo__allthreads_masks(f->tid, &blocked, &pending) &&
	       ((blocked | pending) & RCGO_SIGNAL_BIT(RCGO_ALLTHREADS_SIGNAL)) != 0;
}

// The time of the first failed attempt of a call; the unresponsive thread, and when it was first
// unresponsive. Both times advance while that thread waits for a processor; no_cpu_ns is the sum.
// run_ns is the time for which that thread has run.
struct all_trial {
	uint64_t start, held_up_since, pause, no_cpu_ns, run_ns;
	uint32_t tid;
};

// Pauses. Time in which the unresponsive thread waits for a processor is not counted: on an
// overloaded machine a new thread, which starts with all signals blocked, may wait for seconds.
static void
pause_for_unresponsive(const struct rcgo_allthreads_failure *f, struct all_trial *t)
{
	struct rcgo_kernel_timespec ts = {0, (long)t->pause};
	uint64_t from = rcgo__allthreads_now(), took;

	rcgo__raw_syscall(SYS_nanosleep, (long)&ts, 0, 0, 0, 0, 0);
	took = rcgo__allthreads_now() - from;
	if (rcgo__allthreads_waits_for_cpu(f->tid, &t->run_ns)) {
		t->start += took;
		t->held_up_since += took;
		t->no_cpu_ns += took;
	}
	t->pause = t->pause * 2 < PAUSE_LAST_NS ? t->pause * 2 : PAUSE_LAST_NS;
}

// Makes the cause true at the time when the call is given up.
static void
set_last_cause(struct rcgo_allthreads_failure *f, struct all_trial *t)
{
	uint64_t blocked, pending;

	if (rcgo__allthreads_waits_for_cpu(f->tid, &t->run_ns)) {
		f->cause = RCGO_ALLTHREADS_NO_CPU;
	} else if (rcgo__allthreads_masks(f->tid, &blocked, &pending)) {
		f->cause = (blocked & RCGO_SIGNAL_BIT(RCGO_ALLTHREADS_SIGNAL)) != 0
				   ? RCGO_ALLTHREADS_BLOCKED
				   : RCGO_ALLTHREADS_NO_ANSWER;
		rcgo__allthreads_is_idle(f->tid, &f->thread_state);
	}
}

// Waits after a failed attempt, with all threads running, until another attempt may succeed.
// Returns whether another attempt is worthwhile; if not, f has the cause.
static bool
wait_for_unresponsive(struct rcgo_allthreads_failure *f, struct all_trial *t)
{
	uint64_t now = rcgo__allthreads_now();

	if (f->cause != RCGO_ALLTHREADS_NO_ANSWER && f->cause != RCGO_ALLTHREADS_BLOCKED &&
		f->cause != RCGO_ALLTHREADS_NO_CPU) {
		return false;
	}
	t->start = t->start != 0 ? t->start : now;
	if (t->held_up_since == 0 || t->tid != f->tid) {
		t->tid = f->tid;
		t->held_up_since = now;
		t->pause = PAUSE_FIRST_NS;
		rcgo__allthreads_waits_for_cpu(f->tid, &t->run_ns);
	}
	do {
		now = rcgo__allthreads_now();
		if (now - t->start >= GIVE_UP_ALL_NS || t->no_cpu_ns >= GIVE_UP_NO_CPU_NS ||
			(f->cause == RCGO_ALLTHREADS_BLOCKED &&
				now - t->held_up_since >= GIVE_UP_NS)) {
			set_last_cause(f, t);
			return false;
		}
		// While the thread is still unresponsive, the other threads need not be stopped
		// again.
		pause_for_unresponsive(f, t);
	} while (is_unresponsive(f));
	return true;
}

// Makes attempts until all threads were stopped, or the reason of the failure cannot change.
// Returns whether the call was made.
static bool
all_try(struct rcgo_allthreads_request *op, struct rcgo_allthreads_failure *f)
{
	struct all_trial trial = {.start = 0};
	bool done = false;

	if (!all_prepare(op, f)) {
		return false;
	}
	// Each call that is given up leaves a signal pending for the unresponsive thread. Do not
	// send it another: pending signals count against the user's limit.
	*f = op->last;
	if (is_unresponsive(f) && !wait_for_unresponsive(f, &trial)) {
		return false;
	}
	do {
		f->err = rcgo__allthreads_install();
		if (f->err != 0) {
			f->cause = RCGO_ALLTHREADS_REFUSED;
			break;
		}
		done = all_attempt(op, f);
	} while (!done && wait_for_unresponsive(f, &trial));
	if (op->proc >= 0) {
		rcgo__raw_syscall(SYS_close, op->proc, 0, 0, 0, 0, 0);
		op->proc = -1;
	}
	return done;
}

long
rcgo__allthreads_call(long number, const uintptr_t args[6], struct rcgo_allthreads_failure *f)
{
	struct rcgo_allthreads_request *op = rcgo__allthreads_request();
	int32_t pid = (int32_t)rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
	bool done;

	*f = (struct rcgo_allthreads_failure){.cause = RCGO_ALLTHREADS_NONE};
	rcgo__ticket_lock_acquire();
	if (op->pid != pid) {
		op->pid = pid;
		op->filled = 0;
		op->proc = -1;
		op->no_yield = 1;
		op->last = (struct rcgo_allthreads_failure){.cause = RCGO_ALLTHREADS_NONE};
	}
	op->self = (int32_t)rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
	op->number = number;
	for (int i = 0; i < 6; i++) {
		op->args[i] = args[i];
	}
	// In a process with one thread, only the calling thread can create another.
	done = op->filled <= 1 && rcgo__allthreads_listed() == 1;
	if (done) {
		op->expected = all_call(op);
	} else {
		done = all_try(op, f);
	}
	if (done) {
		*f = (struct rcgo_allthreads_failure){.cause = RCGO_ALLTHREADS_NONE};
	}
	op->last = *f;
	rcgo_add_rlx(
		done ? &rcgo__stats()->all_threads_calls : &rcgo__stats()->all_threads_given_up, 1);
	number = done ? op->expected : -f->err;
	rcgo__ticket_lock_release();
	return number;
}

// Descriptions of why an all-threads call was not made. Runs on the caller's stack.

// The text before and after the name of the thread.
static const struct {
	const char *before;
	const char *after;
} causes[] = {
	[RCGO_ALLTHREADS_BLOCKED] = {"", " blocks signal 33, by which threads are stopped"},
	[RCGO_ALLTHREADS_NO_ANSWER] = {"",
		" did not stop: it waits in the kernel, or a debugger holds it"},
	[RCGO_ALLTHREADS_NO_CPU] = {"",
		" did not stop: it is runnable, but other work has the processors"},
	[RCGO_ALLTHREADS_REFUSED] = {"the kernel refuses signal 33 to ", " (a seccomp filter?)"},
	[RCGO_ALLTHREADS_NO_PROC] = {"/proc/self/task cannot be read, so ", " cannot all be found"},
	[RCGO_ALLTHREADS_NO_MEMORY] = {"no memory to list ", ""},
	[RCGO_ALLTHREADS_MANY] = {"the process has more than 49,152 ", ""},
};

void
rcgo__allthreads_explain(
	const struct rcgo_allthreads_failure *f, struct rcgo_all_threads_failure *why)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(why->text, sizeof why->text);
	char path[64], name[32];
	struct rcgo_strbuf p = rcgo__strbuf_init(path, sizeof path);

	why->tid = (int32_t)f->tid;
	if (f->cause == RCGO_ALLTHREADS_NONE) {
		return;
	}
	rcgo__append_str(&t, causes[f->cause].before);
	if (f->tid == 0) {
		rcgo__append_str(&t, "threads");
	} else {
		rcgo__append_str(&t, "thread ");
		rcgo__append_uint(&t, f->tid, 0);
		rcgo__append_str(&p, "/proc/self/task/");
		rcgo__append_uint(&p, f->tid, 0);
		rcgo__append_str(&p, "/comm");
		if (rcgo__file_read(path, name, sizeof name) > 0) {
			name[strcspn(name, "\n")] = 0;
			rcgo__append_str(&t, " (");
			rcgo__append_str(&t, name);
			rcgo__append_str(&t, ")");
		}
	}
	rcgo__append_str(&t, causes[f->cause].after);
	if (f->cause == RCGO_ALLTHREADS_NO_ANSWER && f->thread_state != 0) {
		const char state[] = {f->thread_state, 0};

		rcgo__append_str(&t, " (state ");
		rcgo__append_str(&t, state);
		rcgo__append_str(&t, " in /proc)");
	}
	rcgo__append_str(&t, "; nothing was applied");
}

// Called by C code of the program: see runtime_cgo.h.
long
rcgo_syscall_all_threads(long number, const uintptr_t args[6], struct rcgo_all_threads_failure *why)
{
	struct rcgo_allthreads_failure f;
	long result = rcgo__allthreads_call(number, args, &f);

	if (why != NULL) {
		rcgo__allthreads_explain(&f, why);
	}
	return result;
}
