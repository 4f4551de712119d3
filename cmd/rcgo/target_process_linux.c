// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: a live process. Blocked threads are read without a stop. The kernel reports where
// they wait, and whether they ran during the read.
#include "stack.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "task_file.h"

struct process {
	int task;	 // the directory of its threads, of the target
	nlink_t entries; // it had when they were listed
	int sched;	 // schedstat of the thread sched_of, if that is not 0
	pid_t sched_of;
	bool namespaced;
	size_t room, sorted; // of the target's threads
	pid_t highest;	     // of their numbers
};

static long
task_file(const struct target *t, const struct thread *th, const char *name, char *text, size_t cap)
{
	return rcgo__task_file(rcgo__target_task_dir(&t->from), th->tid, name, text, cap);
}

// The last number of NSpid is the one in the innermost namespace, the only one that the
// target itself uses.
static pid_t
innermost_tid(const struct target *t, const struct thread *th)
{
	char text[4096];
	const char *line, *at;
	pid_t tid = th->tid;

	if (task_file(t, th, "status", text, sizeof text) <= 0 ||
		(line = strstr(text, "\nNSpid:")) == NULL) {
		return tid;
	}
	at = line + strlen("\nNSpid:");
	while (*at == '\t' || *at == ' ') {
		char *end;
		long n = strtol(at, &end, 10);

		if (end == at) {
			break;
		}
		tid = (pid_t)n;
		at = end;
	}
	return tid;
}

static int
by_tid(const void *a, const void *b)
{
	pid_t x = ((const struct thread *)a)->tid, y = ((const struct thread *)b)->tid;

	return (x > y) - (x < y);
}

// Finds the thread with this number; the threads that were found first are sorted. The kernel lists
// threads in the order of their creation, mostly with ascending numbers.
static struct thread *
known_thread(struct target *t, const struct process *p, pid_t tid)
{
	struct thread key = {.tid = tid};
	struct thread *th;

	if (tid > p->highest) {
		return NULL;
	}
	th = p->sorted == 0 ? NULL : bsearch(&key, t->thread, p->sorted, sizeof key, by_tid);
	for (size_t i = p->sorted; i < t->threads && th == NULL; i++) {
		th = t->thread[i].tid == tid ? &t->thread[i] : NULL;
	}
	return th;
}

static void
add_thread(struct target *t, pid_t tid)
{
	struct process *p = t->own;
	struct thread th = {.tid = tid, .blocked_ms = -1};
	struct thread *known = known_thread(t, p, tid);

	th.ns_tid = p->namespaced ? innermost_tid(t, &th) : tid;
	if (known != NULL) {
		*known = known->read == READ_EXITED ? th : *known; // its number may be reused
		return;
	}
	if (t->threads == p->room) {
		p->room = 2 * p->room + 64;
		t->thread = realloc(t->thread, p->room * sizeof *t->thread);
		if (t->thread == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	t->thread[t->threads++] = th;
	p->highest = tid > p->highest ? tid : p->highest;
}

static bool
visit_thread(const struct rcgo_target_thread *thread, void *arg)
{
	add_thread(arg, thread->tid);
	return false;
}

static nlink_t
task_entries(const struct process *p)
{
	struct stat st;

	return fstat(p->task, &st) == 0 ? st.st_nlink : 0;
}

// Lists threads that are not known yet. Is called repeatedly, for threads that start later.
void
process_threads(struct target *t)
{
	struct process *p = t->own;

	p->entries = task_entries(p);
	rcgo_target_each_thread(&t->from, visit_thread, t);
	if (p->sorted == 0 && t->threads > 0) {
		sort_items(t->thread, t->threads, sizeof *t->thread, by_tid);
		p->sorted = t->threads;
	}
}

// As process_threads, if their number has changed since: the kernel makes an inode for each thread
// that it lists.
void
process_more_threads(struct target *t)
{
	struct process *p = t->own;

	if (p->entries == 0 || task_entries(p) != p->entries) {
		process_threads(t);
	}
}

void
process_names(struct target *t)
{
	for (size_t i = 0; i < t->threads; i++) {
		struct thread *th = &t->thread[i];

		task_file(t, th, "comm", th->name, sizeof th->name);
		th->name[strcspn(th->name, "\n")] = 0;
	}
}

// Reads schedstat of a thread, twice for each look at it. An open file stays that of its thread.
static ssize_t
read_sched(struct process *p, pid_t tid, char *text, size_t cap)
{
	ssize_t n = p->sched_of == tid ? pread(p->sched, text, cap - 1, 0) : -1;

	if (n < 0) {
		if (p->sched_of != 0) {
			close(p->sched);
		}
		p->sched = rcgo__task_file_open(p->task, tid, "schedstat");
		p->sched_of = p->sched >= 0 ? tid : 0;
		n = p->sched >= 0 ? pread(p->sched, text, cap - 1, 0) : -1;
	}
	text[n > 0 ? n : 0] = 0;
	return n;
}

// Returns a number that changes whenever the thread has run; 0 if the kernel does not provide it.
static uint64_t
sched_stamp(const struct target *t, const struct thread *th)
{
	char text[128];
	ssize_t n = read_sched(t->own, th->tid, text, sizeof text);

	return n <= 0 || has_prefix(text, "0 0 0") ? 0 : fnv1a(FNV1A_START, text, (size_t)n) | 1;
}

static bool
take_blocked(struct target *t, struct thread *th, uint64_t *stamp)
{
	struct rcgo_target_thread now;
	uint64_t words[9];
	int err = rcgo_target_registers(&t->from, th->tid, &now);

	th->error = err == -EBUSY || err == -EIO ? 0 : -err;
	th->running = err == -EBUSY;
	if (err != 0) {
		return false;
	}
	th->in_syscall = now.syscall >= 0;
	th->syscall = (long)now.syscall;
	memcpy(th->args, now.args, sizeof th->args);
	th->pc = now.pc;
	th->sp = now.reg[t->machine == EM_AARCH64 ? 31 : 7];
	memcpy(th->reg, now.reg, sizeof th->reg);
	th->known = now.known;
	memcpy(words, now.args, sizeof now.args);
	words[6] = now.pc;
	words[7] = th->sp;
	words[8] = (uint64_t)now.syscall;
	*stamp = th->sched ^ fnv1a(FNV1A_START, words, sizeof words) << 1;
	// A kernel thread, or a thread that is about to end, has none.
	return th->pc != 0 && th->sp != 0;
}

// If the thread waits, stores its PC, SP and system call. *stamp changes when the thread runs.
bool
process_blocked(struct target *t, struct thread *th, uint64_t *stamp)
{
	th->sched = sched_stamp(t, th);
	*stamp = 0;
	return take_blocked(t, th, stamp);
}

// Returns whether the thread has not run since process_blocked. It waited at that time, so it has
// run if and only if the kernel's count of its time slices has increased.
bool
process_still_blocked(struct target *t, struct thread *th)
{
	struct thread again = {.tid = th->tid};
	uint64_t stamp;

	if (th->sched != 0) {
		return sched_stamp(t, th) == th->sched;
	}
	return take_blocked(t, &again, &stamp) && again.pc == th->pc && again.sp == th->sp &&
	       again.syscall == th->syscall && memcmp(again.args, th->args, sizeof th->args) == 0;
}

// Returns the hexadecimal value of the line of status that starts with name.
static uint64_t
status_hex(const char *status, const char *name)
{
	const char *line = strstr(status, name);

	return line == NULL ? 0 : strtoull(line + strlen(name), NULL, 16);
}

bool
process_has_signal(const struct target *t, const struct thread *th)
{
	char text[4096];
	uint64_t pending;

	if (task_file(t, th, "status", text, sizeof text) <= 0) {
		return true;
	}
	pending = status_hex(text, "\nSigPnd:\t") | status_hex(text, "\nShdPnd:\t");
	return (pending & ~status_hex(text, "\nSigBlk:\t")) != 0;
}

// Returns the text after the name in stat, or NULL. The name is in brackets and may
// contain any character.
static const char *
stat_fields(const struct target *t, const struct thread *th, char *text, size_t size)
{
	const char *name = task_file(t, th, "stat", text, size) > 0 ? strrchr(text, ')') : NULL;

	return name != NULL && name[1] == ' ' ? name + 2 : NULL;
}

char
process_thread_state(const struct target *t, const struct thread *th)
{
	char text[1024];
	const char *fields = stat_fields(t, th, text, sizeof text);

	return fields != NULL ? fields[0] : '\0';
}

// Returns when the thread last ran, by the scheduler's clock. A kernel without CONFIG_SCHED_DEBUG
// does not report it.
static bool
last_ran(int dir, pid_t tid, double *ms)
{
	char text[512];
	const char *line = rcgo__task_file(dir, tid, "sched", text, sizeof text) > 0
				   ? strstr(text, "se.exec_start")
				   : NULL;

	line = line != NULL ? strchr(line, ':') : NULL;
	return line != NULL && sscanf(line, ": %lf", ms) == 1 && *ms > 0;
}

// The scheduler's clock differs from all other clocks of the system. Its current value is the time
// when this thread itself last ran.
void
process_blocked_for(struct target *t)
{
	struct process *p = t->own;
	int own = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	double now, then;
	bool known = own >= 0 && last_ran(own, gettid(), &now);

	for (size_t i = 0; i < t->threads && known; i++) {
		if (last_ran(p->task, t->thread[i].tid, &then)) {
			t->thread[i].blocked_ms = now > then ? (int64_t)(now - then) : 0;
		}
	}
	if (own >= 0) {
		close(own);
	}
}

static bool
take_living(const struct rcgo_target_thread *thread, void *arg)
{
	struct target *t = arg;
	struct thread th = {.tid = thread->tid};
	char state = process_thread_state(t, &th);

	if (state != '\0' && state != 'Z' && state != 'X') {
		t->files = thread->tid;
	}
	return t->files != t->pid;
}

// Opens the process by the files that /proc has of one of its threads.
static int
open_by(struct target *t, pid_t files)
{
	bool changed;
	int err = rcgo_target_open_process(&t->from, files);

	if (err == 0) {
		t->files = files;
		((struct process *)t->own)->task = rcgo__target_task_dir(&t->from);
		err = process_modules(t, &changed);
	}
	return err;
}

int
process_open(struct target *t, pid_t pid)
{
	struct process *p = xalloc(sizeof *p);
	struct thread first = {.tid = pid};
	uint64_t word;
	int err;

	t->pid = pid;
	t->own = p;
	t->label = fmt("process %d", pid);
	err = open_by(t, pid);
	// If the first thread has ended, its files are empty.
	if (err == 0 && t->modules == 0) {
		rcgo_target_each_thread(&t->from, take_living, t);
		if (t->files != pid) {
			rcgo_target_close(&t->from);
			err = open_by(t, t->files);
		}
	}
	if (err != 0) {
		return err;
	}
	t->machine = t->from.machine;
	t->walker = walker_of(t->machine);
	target_make_keep(t);
	t->ns_pid = innermost_tid(t, &first);
	p->namespaced = t->ns_pid != pid;
	for (size_t i = 0; i < t->modules; i++) {
		if (target_word(t, t->module[i]->first, &word)) {
			process_threads(t);
			return 0;
		}
	}
	return t->modules == 0 ? -ESRCH : -EPERM;
}

const char *
process_tracer(const struct target *t, const struct thread *th)
{
	char text[4096];
	const char *line = task_file(t, th, "status", text, sizeof text) > 0
				   ? strstr(text, "\nTracerPid:\t")
				   : NULL;
	int tracer = line != NULL ? atoi(line + strlen("\nTracerPid:\t")) : 0;
	size_t size = 0;
	char *name;

	if (tracer == 0 || tracer == getpid()) {
		return NULL;
	}
	name = read_file(fmt("/proc/%d/comm", tracer), &size);
	return name == NULL ? fmt("process %d", tracer)
			    : fmt("process %d (%.*s)", tracer, (int)strcspn(name, "\n"), name);
}
