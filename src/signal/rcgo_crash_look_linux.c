// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what our handler in front of Go's sees in a fault that is not Go's. Runs on the
// alternate stack, or on that of a thread which has none, with all signals blocked.

#include "rcgo_crash_look.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rcgo_front.h"
#include "rcgo_gotext.h"
#include "rcgo_sigframe.h"
#include "rcgo_signal.h"
#include "rcgo_text.h"

// How far from a signal stack's end its overflow shows.
#define OVERFLOW_BELOW (64 * 1024u)
#define OVERFLOW_ABOVE 4096u

// How much of a stack is looked at for Go.
#define SCAN_MOST (1024 * 1024u)

typedef void (*reporter_fn)(int, const siginfo_t *, void *);

// owner: rcgo__front_set_reporter; lock: none; ordering: release and acquire
static reporter_fn reporter;

void
rcgo__front_set_reporter(reporter_fn fn)
{
	rcgo_store_rel(&reporter, fn);
}

// Whether the signal came from the thread's own code: a fault, or abort. One that somebody sent may
// be awaited by os/signal.
static bool
is_crash(int sig, const siginfo_t *info)
{
	return info->si_code > 0 ||
	       (sig == SIGABRT && info->si_code == SI_TKILL && info->si_pid == getpid());
}

static bool
is_below(uintptr_t at, uintptr_t lo)
{
	return lo != 0 && at - (lo - OVERFLOW_BELOW) < OVERFLOW_BELOW + OVERFLOW_ABOVE;
}

static void
say_line(const char *what)
{
	char buf[400];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, "runtime/cgo: ");
	rcgo__text_str(&t, what);
	rcgo__text_str(&t, "\n");
	rcgo__text_write(&t, STDERR_FILENO);
}

static void
say_altstack(size_t size)
{
	char buf[200];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, "signal stack overflow on thread ");
	rcgo__text_dec(&t, (uint64_t)syscall(SYS_gettid), 0);
	rcgo__text_str(&t, ": its signal stack is ");
	rcgo__text_dec(&t, size / 1024, 0);
	rcgo__text_str(&t, " KiB; do less in the handler, or give sigaltstack more");
	say_line(buf);
}

static void
name_overflow(const siginfo_t *info, const ucontext_t *uc)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	uintptr_t sp = RCGO_FRAME_SP(uc);
	uintptr_t alt = (uintptr_t)uc->uc_stack.ss_sp;
	char buf[320];

	if ((uc->uc_stack.ss_flags & SS_DISABLE) == 0 && is_below(at, alt) && is_below(sp, alt)) {
		say_altstack(uc->uc_stack.ss_size);
	} else if (rcgo__signal_overflow(at, sp, buf, sizeof buf)) {
		say_line(buf);
	}
}

// Whether Go has called the C code that was interrupted, on a thread of C's: then Go's own frames
// lie further up on the same stack.
static bool
go_is_below(uintptr_t sp, const struct rcgo_signal_thread *t)
{
	uintptr_t end = t->stack_hi;

	if (sp < t->stack_lo || sp >= end) {
		return false;
	}
	if (end - sp > SCAN_MOST) {
		end = sp + SCAN_MOST;
	}
	for (uintptr_t at = (sp + 7) & ~(uintptr_t)7; at + sizeof at <= end; at += sizeof at) {
		if (rcgo__in_go_text(*(const uintptr_t *)at)) {
			return true;
		}
	}
	return false;
}

// Indirect: the traceback part's reporter, made for handlers.
void
rcgo__crash_look(int sig, const siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	reporter_fn report = rcgo_load_acq(&reporter);
	struct rcgo_signal_thread t = {0};
	int saved = errno;
	bool known;

	if (is_crash(sig, info)) {
		known = rcgo__signal_thread(&t);
		if (sig == SIGSEGV || sig == SIGBUS) {
			name_overflow(info, uc);
		}
		known = known && (!t.made_by_c || go_is_below(RCGO_FRAME_SP(uc), &t));
		if (!known && report != NULL) {
			report(sig, info, context);
		}
	}
	errno = saved;
}
