// SPDX-License-Identifier: BSD-3-Clause
// The report of a crash on a thread that Go does not know; on CPUs where Go's own report has no C
// frames, also of a crash in C code that Go called. Runs in the signal handler, with all
// signals blocked, on a stack of its own.

#include "crash_report.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

#include "crash_reporter.h"
#include "default_hooks.h"
#include "environment.h"
#include "kernel.h"
#include "mark.h"
#include "module.h"
#include "options.h"
#include "raw_syscall.h"
#include "report.h"
#include "runtime_cgo.h"
#include "signal_chain.h"
#include "strbuf.h"
#include "symbolizer.h"
#include "syscall_trial.h"
#include "traceback_generation.h"
#include "unwinder.h"

#define FRAMES_MOST 4096
#define INLINED_MOST 16
#define STRINGS_SIZE 8192
#define REPORT_PIECE 2048

// The threads that have reported. A crash may not end the process, for example if os/signal handles
// the signal. Each thread reports once, and THREADS_MOST threads in all.
#define THREADS_MOST 16
// owner: the thread that holds the crash lock; lock: crash_lock.h; ordering: that lock
static long reported_tids[THREADS_MOST];

// Whether a report is one line without addresses.
// owner: rcgo__crash_init; lock: none; ordering: rcgo__signal_chain_set_reporter
static bool crash_is_brief;
// Whether crashes in C code that Go called are reported.
// owner: rcgo__crash_init; lock: none; ordering: rcgo__signal_chain_set_reporter
static bool crash_has_go_threads;

struct crash {
	int sig;
	const siginfo_t *info;
	void *context;
	long tid;
	bool in_go; // Go called the code
	struct rcgo_frame frames[INLINED_MOST];
	uintptr_t pcs[FRAMES_MOST];
	char strings[STRINGS_SIZE];
	char text[REPORT_PIECE + 4096];
	char path[4096];
};

static void
flush_report(struct rcgo_strbuf *t)
{
	rcgo__report_write(t);
	t->len = 0;
	t->buf[0] = 0;
}

// Writes the buffer in pieces of at least REPORT_PIECE bytes, so that lines of a report stay
// together when others write to the same file.
static void
end_line(struct rcgo_strbuf *t)
{
	rcgo__append_str(t, "\n");
	if (t->len >= REPORT_PIECE) {
		flush_report(t);
	}
}

static void
append_head(struct crash *c, struct rcgo_strbuf *t)
{
	const char *code = rcgo__crash_code(c->sig, c->info->si_code);
	char name[17] = "";
	bool sent = c->info->si_code <= 0;

	if (rcgo__syscall_trial_passed()) {
		rcgo__kernel_thread_name(name);
	}
	rcgo__append_str(t, "runtime/cgo: ");
	rcgo__append_str(t, rcgo__crash_signal(c->sig));
	rcgo__append_str(t, " on thread ");
	rcgo__append_uint(t, (uint64_t)c->tid, 0);
	if (name[0] != 0) {
		rcgo__append_str(t, " (");
		rcgo__append_str(t, name);
		rcgo__append_str(t, ")");
	}
	rcgo__append_str(t,
		c->in_go ? ", in C code that Go called" : ", which was made by C and is not in Go");
	end_line(t);
	if (sent || crash_is_brief) {
		return;
	}
	rcgo__append_str(t, "\taddress ");
	rcgo__append_hex(t, (uintptr_t)c->info->si_addr);
	rcgo__append_str(t, *code != 0 ? ": " : ", code ");
	if (*code != 0) {
		rcgo__append_str(t, code);
	} else {
		rcgo__append_uint(t, (uint64_t)c->info->si_code, 0);
	}
	end_line(t);
}

static void
append_frame(struct crash *c, struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc)
{
	bool has_place = rcgo__append_frame_function(t, f, pc, c->path, sizeof c->path);

	end_line(t);
	if (has_place) {
		rcgo__append_frame_place(t, f, pc);
		end_line(t);
	}
}

static void
report_on_own_stack(void *arg)
{
	struct crash *c = arg;
	struct rcgo_strbuf t = rcgo__strbuf_init(c->text, sizeof c->text);
	size_t n;

	append_head(c, &t);
	flush_report(&t);
	if (crash_is_brief) {
		return;
	}
	n = rcgo__unwind_report(c->context, NULL, c->pcs, FRAMES_MOST);
	rcgo__append_str(&t, n != 0 ? "C stack:" : "C stack: cannot be read");
	end_line(&t);
	for (size_t i = 0; i < n; i++) {
		size_t found = rcgo__symbolize_report(
			c->pcs[i], c->frames, INLINED_MOST, c->strings, sizeof c->strings);

		for (size_t k = 0; k < found; k++) {
			append_frame(c, &t, &c->frames[k], c->pcs[i]);
		}
	}
	rcgo__append_str(&t, rcgo_build_info());
	end_line(&t);
	flush_report(&t);
}

// Records the thread. Returns whether it has not reported yet and may report.
static bool
may_report(long tid)
{
	for (size_t i = 0; i < THREADS_MOST; i++) {
		if (reported_tids[i] == 0) {
			reported_tids[i] = tid;
			return true;
		}
		if (reported_tids[i] == tid) {
			return false;
		}
	}
	return false;
}

static void
crash_report(int sig, const siginfo_t *info, void *context, bool in_go)
{
	long tid = rcgo__kernel_thread_id();
	int saved = errno;
	bool json = rcgo__report_json_fd() >= 0 && !crash_is_brief;
	bool text = !in_go || crash_has_go_threads;
	struct crash *c;

	if ((text || json) && may_report(tid)) {
		if (json) {
			rcgo__crash_json(sig, info, context, in_go);
		}
		c = text ? rcgo__own_stack_map() : NULL;
		if (c != NULL) {
			c->in_go = in_go;
			c->sig = sig;
			c->info = info;
			c->context = context;
			c->tid = tid;
			rcgo__own_stack_run(c, report_on_own_stack);
		}
	}
	errno = saved;
}

// Re-read runtime/runtime1.go (setTraceback) and runtime/security_unix.go (secureEnv).
static bool
go_shows_no_stacks(void)
{
	const char *level = rcgo__environment_get("GOTRACEBACK");

	return rcgo__kernel_is_secure() ||
	       (level != NULL && (strcmp(level, "none") == 0 || strcmp(level, "0") == 0));
}

void
rcgo__crash_init(uintptr_t *crash_fd)
{
	if (!rcgo__option_is("crash", "off")) {
		rcgo__report_init(crash_fd);
		crash_is_brief = go_shows_no_stacks();
		crash_has_go_threads = !RCGO_GO_SHOWS_C_FRAMES && !crash_is_brief &&
				       !rcgo__option_is("traceback", "off");
		rcgo__modules_init();
		rcgo__signal_chain_set_reporter(crash_report);
		rcgo__signal_chain_adopt();
	}
}
