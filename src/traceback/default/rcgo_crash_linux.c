// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: the report of a crash on a thread that Go does not know. Runs in
// the handler of the signal, with all signals blocked, on a stack of its own.

#include "rcgo_crash.h"

#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "rcgo_front.h"
#include "rcgo_module.h"
#include "rcgo_options.h"
#include "rcgo_raw.h"
#include "rcgo_symbolize.h"
#include "rcgo_text.h"
#include "rcgo_walk.h"

#define FRAMES_MOST 64
#define INLINED_MOST 16
#define STRINGS_SIZE 8192

// How long a second thread waits for the first one's report, in steps of 10 ms.
#define STEPS_MOST 300
#define STEP_NS (10 * 1000 * 1000L)

// The thread that reports, or has; 0 before. A program in which a crash does not end the process
// (os/signal may be asked for one) gets one report.
// owner: the first thread that crashes; lock: none; ordering: compare and swap
static long reporting;

// owner: as reporting; lock: none; ordering: release and acquire
static bool reported;

struct crash {
	int sig;
	const siginfo_t *info;
	void *context;
	long tid;
	struct rcgo_frame frames[INLINED_MOST];
	uintptr_t pcs[FRAMES_MOST];
	char strings[STRINGS_SIZE];
	char line[2048];
};

static void
write_line(struct rcgo_text *t)
{
	rcgo__text_str(t, "\n");
	rcgo__text_write(t, STDERR_FILENO);
	t->len = 0;
	t->buf[0] = 0;
}

static void
say_head(struct crash *c, struct rcgo_text *t)
{
	const char *code = rcgo__crash_code(c->sig, c->info->si_code);
	char name[17] = "";
	bool sent = c->info->si_code <= 0;

	rcgo__raw(SYS_prctl, 16 /* PR_GET_NAME */, (long)name, 0, 0, 0, 0);
	rcgo__text_str(t, "runtime/cgo: ");
	rcgo__text_str(t, rcgo__crash_signal(c->sig));
	rcgo__text_str(t, " on thread ");
	rcgo__text_dec(t, (uint64_t)c->tid, 0);
	rcgo__text_str(t, " (");
	rcgo__text_str(t, name);
	rcgo__text_str(t, "), which was made by C and is not in Go");
	write_line(t);
	if (sent) {
		return;
	}
	rcgo__text_str(t, "\taddress ");
	rcgo__text_hex(t, (uintptr_t)c->info->si_addr);
	rcgo__text_str(t, *code != 0 ? ": " : ", code ");
	if (*code != 0) {
		rcgo__text_str(t, code);
	} else {
		rcgo__text_dec(t, (uint64_t)c->info->si_code, 0);
	}
	write_line(t);
}

static void
say_frame(struct rcgo_text *t, const struct rcgo_frame *f, uintptr_t pc)
{
	rcgo__text_str(t, f->function != NULL ? f->function : "?");
	rcgo__text_str(t, f->inlined ? "(...) inlined" : "(...)");
	write_line(t);
	rcgo__text_str(t, "\t");
	rcgo__text_str(t, f->file != NULL ? f->file : "?");
	if (f->line != 0) {
		rcgo__text_str(t, ":");
		rcgo__text_dec(t, f->line, 0);
	}
	rcgo__text_str(t, " pc=");
	rcgo__text_hex(t, pc);
	write_line(t);
}

static void
report_on_own_stack(void *arg)
{
	struct crash *c = arg;
	struct rcgo_text t = rcgo__text_init(c->line, sizeof c->line);
	size_t n;

	say_head(c, &t);
	n = rcgo__walk_from_handler(c->context, c->pcs, FRAMES_MOST);
	rcgo__text_str(&t, n != 0 ? "C stack:" : "C stack: cannot be read");
	write_line(&t);
	for (size_t i = 0; i < n; i++) {
		size_t found = rcgo__symbolize_into(
			c->pcs[i], c->frames, INLINED_MOST, c->strings, sizeof c->strings);

		for (size_t k = 0; k < found; k++) {
			say_frame(&t, &c->frames[k], c->pcs[i]);
		}
	}
	if (n == FRAMES_MOST) {
		rcgo__text_str(&t, "...more frames");
		write_line(&t);
	}
}

// Whether this thread is the one to report. Another waits until that has been done.
static bool
take_turn(long tid)
{
	const struct timespec step = {.tv_nsec = STEP_NS};
	long none = 0;

	if (__atomic_compare_exchange_n(
		    &reporting, &none, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
		return true;
	}
	for (int i = 0; i < STEPS_MOST && none != tid && !rcgo_load_acq(&reported); i++) {
		rcgo__raw(SYS_nanosleep, (long)&step, 0, 0, 0, 0, 0);
	}
	return false;
}

static void
crash_report(int sig, const siginfo_t *info, void *context)
{
	long tid = rcgo__raw(SYS_gettid, 0, 0, 0, 0, 0, 0);
	int saved = errno;
	struct crash *c;

	if (take_turn(tid)) {
		c = rcgo__own_stack_map();
		if (c != NULL) {
			c->sig = sig;
			c->info = info;
			c->context = context;
			c->tid = tid;
			rcgo__own_stack_run(c, report_on_own_stack);
		}
		rcgo_store_rel(&reported, true);
	}
	errno = saved;
}

void
rcgo__crash_init(void)
{
	if (rcgo__option_is("crash", "on")) {
		rcgo__modules_init();
		rcgo__front_set_reporter(crash_report);
	}
}
