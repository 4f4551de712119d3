// SPDX-License-Identifier: BSD-3-Clause
// Thread dumps. Runs on any stack, also in signal handlers; the work is done on a stack of its own.
// Contract: proc_pid_syscall(5), proc_pid_status(5).

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // REG_RIP
#endif
#include "default_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "clock.h"
#include "crash_report.h"
#include "default_hooks.h"
#include "mark.h"
#include "options.h"
#include "raw_syscall.h"
#include "runtime_cgo.h"
#include "strbuf.h"
#include "symbolizer.h"
#include "syscall_trial.h"
#include "task_state.h"
#include "traceback_generation.h"
#include "unwinder.h"

#define DUMP_INLINED 16
#define DUMP_TRIES 4

// All that a dump needs, at the low end of its stack.
struct dump {
	struct rcgo_thread_walk walk; // first: dump_show has no other argument
	int fd;
	size_t *total; // of threads shown
	struct rcgo_frame frames[DUMP_INLINED];
	char text[4096];
	char strings[16 * 1024];
	char path[4096];
};

static void
dump_flush(struct dump *d, struct rcgo_strbuf *t)
{
	rcgo__strbuf_write(t, d->fd);
	*t = rcgo__strbuf_init(d->text, sizeof d->text);
}

static void
dump_frame(struct dump *d, struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc)
{
	if (rcgo__append_frame_function(t, f, pc, d->path, sizeof d->path)) {
		rcgo__append_str(t, "\n");
		rcgo__append_frame_place(t, f, pc);
	}
	rcgo__append_str(t, "\n");
	dump_flush(d, t);
}

static void
dump_frames(struct dump *d, struct rcgo_strbuf *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t found = rcgo__symbolize_report(
			d->walk.pcs[i], d->frames, DUMP_INLINED, d->strings, sizeof d->strings);

		for (size_t k = 0; k < found; k++) {
			dump_frame(d, t, &d->frames[k], d->walk.pcs[i]);
		}
	}
	rcgo__append_str(t, "\n");
	dump_flush(d, t);
}

static void
dump_head(struct rcgo_strbuf *t, long tid, const char *name, const char *state)
{
	rcgo__append_str(t, "thread ");
	rcgo__append_uint(t, (uint64_t)tid, 0);
	rcgo__append_str(t, " \"");
	for (size_t i = 0; name[i] != 0; i++) {
		char c[2] = {name[i] >= ' ' && name[i] < 0x7f ? name[i] : '?', 0};

		rcgo__append_str(t, c);
	}
	rcgo__append_str(t, "\" [");
	rcgo__append_str(t, state);
	rcgo__append_str(t, "]:\n");
}

// Indirect: called for each thread.
static void
dump_show(struct rcgo_thread_walk *walk, long tid, const char *state, size_t n)
{
	struct dump *d = (struct dump *)walk;
	struct rcgo_strbuf t = rcgo__strbuf_init(d->text, sizeof d->text);

	dump_head(&t, tid, walk->name, state);
	dump_frames(d, &t, n);
}

static void
walk_show(struct rcgo_thread_walk *w, long tid, const char *state, size_t n)
{
	w->shown++;
	rcgo__task_file_read(tid, "comm", w->name, sizeof w->name);
	w->name[strcspn(w->name, "\n")] = 0;
	w->show(w, tid, state, n); // Indirect: dump_show or json_show
}

// Unwinds a thread that waits. Returns false if it has moved meanwhile.
static bool
unwind_waiting(
	struct rcgo_thread_walk *w, long tid, const struct rcgo_task_state *state, size_t *count)
{
	rcgo__task_state_context(state, &w->context);
	*count = rcgo__unwind_report(&w->context, NULL, w->pcs, RCGO_THREAD_FRAMES);
	if (*count == 1) {
		*count += rcgo__unwind_past_leaf(state->sp, w->pcs + 1, RCGO_THREAD_FRAMES - 1);
	}
	return rcgo__task_state_read(tid, &w->after) && strcmp(state->text, w->after.text) == 0;
}

// clang-format off
// Calls that not every CPU has.
#define CALL(name) {SYS_##name, #name},
#ifdef SYS_poll // else newer forms only
#	define OLDER_CALLS CALL(poll) CALL(epoll_wait) CALL(pause)
#else
#	define OLDER_CALLS
#endif
#ifdef SYS_select
#	define SELECT_CALL CALL(select)
#else
#	define SELECT_CALL
#endif
#ifdef SYS_accept // else a part of socketcall
#	define ACCEPT_CALL CALL(accept)
#else
#	define ACCEPT_CALL CALL(socketcall)
#endif
#ifdef SYS_futex_time64 // CPUs of 32 bits
#	define TIME64_CALLS                                                          \
		CALL(_newselect)                                                      \
		CALL(futex_time64)                                                    \
		CALL(ppoll_time64) CALL(pselect6_time64) CALL(clock_nanosleep_time64) \
			CALL(rt_sigtimedwait_time64)
#else
#	define TIME64_CALLS
#endif
// clang-format on

static void
append_call(struct rcgo_strbuf *t, const struct rcgo_task_state *state)
{
	// clang-format off
	static const struct {
		long number;
		const char *name;
	} names[] = {
		CALL(futex) CALL(read) CALL(write) CALL(ppoll) CALL(epoll_pwait) CALL(wait4)
		CALL(nanosleep) CALL(clock_nanosleep) CALL(recvfrom) CALL(recvmsg) CALL(sendto)
		CALL(sendmsg) CALL(connect) ACCEPT_CALL CALL(accept4) CALL(fsync) CALL(openat)
		CALL(rt_sigtimedwait) CALL(rt_sigsuspend) CALL(ioctl) CALL(flock) CALL(msgrcv)
		OLDER_CALLS SELECT_CALL TIME64_CALLS};
	// clang-format on

	for (size_t i = 0; i < RCGO_COUNTOF(names); i++) {
		if ((uint64_t)names[i].number == state->number) {
			rcgo__append_str(t, names[i].name);
			return;
		}
	}
	rcgo__append_str(t, "system call ");
	rcgo__append_uint(t, state->number, 0);
}

// Reads a thread that waits as w->before says. Returns false if it has moved meanwhile, unless this
// is the last try.
static bool
walk_waiting(struct rcgo_thread_walk *w, long tid, bool last)
{
	const struct rcgo_task_state *state = &w->before;
	char what[64];
	struct rcgo_strbuf t = rcgo__strbuf_init(what, sizeof what);
	size_t n = 0;
	bool same;

	if (!state->known) {
		return true;
	}
	same = unwind_waiting(w, tid, state, &n);
	if (!same && !last) {
		return false;
	}
	if (same && n == 0) { // Go's code waits, or the stack cannot be read
		w->in_go++;
		return true;
	}
	n = same ? n : 0;
	if (state->in_syscall) {
		append_call(&t, state);
	} else {
		rcgo__append_str(&t, "waits in the kernel");
	}
	rcgo__append_str(&t, same ? "" : ", moved while it was read");
	walk_show(w, tid, what, n);
	return true;
}

// The signal of RCGO=dump; 0: none.
// owner: rcgo__dump_init; lock: none; ordering: relaxed, a word
static int dump_signal;

// The signals above have no place in /proc/PID/stat.
#define OLD_SIGNALS 31

// Reads a thread that runs: by the signal that Go preempts with, if it is in a C call of a
// goroutine; else by the signal of dumps. Returns false if it runs no C code, or cannot be asked.
static bool
walk_running(struct rcgo_thread_walk *w, long tid)
{
	int sig = rcgo_load_rlx(&dump_signal);
	size_t n;

	if (w->ask_until != 0 && rcgo__clock_ns(CLOCK_MONOTONIC) > w->ask_until) {
		return false;
	}
	n = rcgo__callers_of(tid, RCGO_SIGPREEMPT, w->pcs, RCGO_CALLERS_MAX);
	if (n == 0 && sig != 0 && sig <= OLD_SIGNALS) {
		n = rcgo__callers_of(tid, sig, w->pcs, RCGO_CALLERS_MAX);
	}
	if (n != 0) {
		walk_show(w, tid, "running", n);
	}
	return n != 0;
}

// Shows the C code of the calling thread that the signal has interrupted.
static void
walk_own(struct rcgo_thread_walk *w, long tid)
{
	size_t n = w->own_context == NULL
			   ? 0
			   : rcgo__unwind_report(w->own_context, NULL, w->pcs, RCGO_THREAD_FRAMES);

	if (n != 0) {
		walk_show(w, tid, "running; the signal of this dump interrupted it", n);
	}
}

// Indirect: called for each thread.
static void
walk_thread(long tid, void *arg)
{
	struct rcgo_thread_walk *w = arg;

	if (tid == rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0)) {
		walk_own(w, tid);
		return;
	}
	for (int i = 1; i <= DUMP_TRIES; i++) {
		if (!rcgo__task_state_read(tid, &w->before)) {
			return; // it has ended
		}
		if (!w->before.running && walk_waiting(w, tid, i == DUMP_TRIES)) {
			return;
		}
	}
	if (walk_running(w, tid) || !rcgo__task_state_read(tid, &w->before)) {
		return;
	}
	if (w->before.running || !walk_waiting(w, tid, true)) {
		w->in_go++;
	}
}

bool
rcgo__threads_walk(struct rcgo_thread_walk *w)
{
	return rcgo__tasks_each(walk_thread, w);
}

static void
dump_on_own_stack(void *arg)
{
	struct dump *d = arg;
	struct rcgo_strbuf t = rcgo__strbuf_init(d->text, sizeof d->text);

	if (!rcgo__threads_walk(&d->walk)) {
		rcgo__append_str(&t,
			"runtime/cgo: threads cannot be listed: /proc/self/task cannot "
			"be read\n");
		dump_flush(d, &t);
		return;
	}
	*d->total = d->walk.shown;
	rcgo__append_uint(&t, d->walk.shown, 0);
	rcgo__append_str(&t, d->walk.shown == 1 ? " thread in C, " : " threads in C, ");
	rcgo__append_uint(&t, d->walk.in_go, 0);
	rcgo__append_str(&t, " in Go, running C code without Go, or not readable\n");
	dump_flush(d, &t);
}

// Writes a dump. context is the ucontext_t of the signal that asked for it, or NULL.
static size_t
dump_write(int fd, const void *context)
{
	uint64_t all = ~(uint64_t)0, before;
	int saved = errno;
	struct dump *d = rcgo__own_stack_map();
	size_t shown = 0;

	if (d != NULL) {
		d->fd = fd;
		d->walk.show = dump_show;
		d->walk.own_context = context;
		d->total = &shown;
		rcgo__raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before,
			sizeof all, 0, 0);
		rcgo__own_stack_run(d, dump_on_own_stack);
		rcgo__raw_syscall(
			SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof all, 0, 0);
	}
	errno = saved;
	return shown;
}

size_t
rcgo_dump_threads(int fd, unsigned flags)
{
	if ((flags & RCGO_DUMP_GOROUTINES) != 0) {
		rcgo__callers_gather(true);
		return 0;
	}
	return dump_write(fd, NULL);
}

// RCGO=dump=SIGNAL.

// Gives the frames of the calling thread to the one that makes a dump.
static void
answer_dump(void *context)
{
	uintptr_t pcs[RCGO_CALLERS_MAX + 1];
	size_t n = rcgo__unwind_report(context, NULL, pcs, RCGO_CALLERS_MAX);

	pcs[n] = 0;
	rcgo__callers_stored(pcs);
}

// Returns the descriptor for a dump: of the option's file, or standard error.
static int
dump_open(void)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	const char *path = rcgo__option_signal_file();
	char buf[256];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);
	long fd;

	if (path == NULL || !rcgo__syscall_trial_passed()) {
		return STDERR_FILENO;
	}
	fd = rcgo__raw_syscall(SYS_openat, AT_FDCWD, (long)path, flags, 0600, 0, 0);
	if (fd >= 0) {
		return (int)fd;
	}
	rcgo__append_str(&t, "runtime/cgo: the file of RCGO=dump cannot be opened: ");
	rcgo__append_errno(&t, (int)-fd);
	rcgo__append_str(&t, "\n");
	rcgo__strbuf_write(&t, STDERR_FILENO);
	return STDERR_FILENO;
}

static void
dump_on_signal(int sig, siginfo_t *info, void *context)
{
	int saved = errno, fd;

	(void)sig;
	if (info->si_code == SI_TKILL && rcgo__callers_asked()) {
		answer_dump(context);
		errno = saved;
		return;
	}
	fd = dump_open();
	dump_write(fd, context);
	if (fd != STDERR_FILENO) {
		rcgo__raw_syscall(SYS_close, fd, 0, 0, 0, 0, 0);
	}
	errno = saved;
}

void
rcgo__dump_init(void)
{
	rcgo_store_rlx(&dump_signal, (int)rcgo__option_size("dump", 0));
	rcgo__callers_on_signal(rcgo_load_rlx(&dump_signal), dump_on_signal);
}
