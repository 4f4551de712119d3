// SPDX-License-Identifier: BSD-3-Clause
// The signal chain: what runs before Go's handler, and the C handlers that Go forwards to. Runs on
// any stack, also in signal handlers.
// Re-read runtime/signal_unix.go (initsig, sigfwdgo, raisebadsignal).

#include "signal_chain.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crash_reporter.h"
#include "crash_lock.h"
#include "fork_detect.h"
#include "go_text.h"
#include "interpose.h"
#include "kernel.h"
#include "report.h"
#include "sanitizer.h"
#include "sigframe.h"
#include "signal_handling.h"
#include "stack_bounds.h"
#include "strbuf.h"
#include "syscall_trial.h"
#include "thread_record.h"

// Go's handler, the same for all signals.
// owner: Go, through x_cgo_sigaction; lock: none; ordering: release and acquire
static rcgo_go_handler go_handler;

// The signals for which Go's handler has been installed.
// owner: as go_handler; lock: none; ordering: atomic or
static go_sigset_t go_signals;

// The C handler that Go found for a signal, to be called (rcgo__signal_chain_forward) or restored.
// NULL if there was none; consumed_action if it was one-shot and its signal has come.
// owner: as go_handler, and rcgo__signal_chain_forward; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *saved_actions[RCGO_SIGNALS + 1];
static const struct rcgo_action_slot consumed_action;

// owner: rcgo__signal_chain_set_quit; lock: none; ordering: release and acquire
static void (*before_quit)(void);

void
rcgo__signal_chain_set_quit(void (*fn)(void))
{
	rcgo_store_rel(&before_quit, fn);
}

// owner: rcgo__signal_chain_set_timer; lock: none; ordering: release and acquire
static rcgo_timer_fn on_timer;

// Returns whether the first-chance handler is installed before Go's handler for sig.
static bool
is_chained(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS || sig == SIGQUIT;
}

#if RCGO_ADOPTS_GO_HANDLERS

static const int adopted_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};

// The signals of them that had their default action when Go began to start.
// owner: rcgo__signal_chain_note_defaults; lock: none; ordering: none, one thread
static go_sigset_t default_signals;

void
rcgo__signal_chain_note_defaults(void)
{
	go_sigaction_t now;

	for (size_t i = 0; i < RCGO_COUNTOF(adopted_signals); i++) {
		if (rcgo__kernel_action(adopted_signals[i], NULL, &now) == 0 &&
			now.handler == (uintptr_t)SIG_DFL) {
			rcgo__sigset_add(&default_signals, adopted_signals[i]);
		}
	}
}

void
rcgo__signal_chain_adopt(void)
{
	go_sigaction_t now;

	if (rcgo_load_rlx(&go_handler) != NULL || RCGO_SANITIZED) {
		return;
	}
	for (size_t i = 0; i < RCGO_COUNTOF(adopted_signals); i++) {
		int sig = adopted_signals[i];

		if (rcgo__sigset_has(&default_signals, sig) &&
			rcgo__kernel_action(sig, NULL, &now) == 0 &&
			rcgo__in_go_text(now.handler)) {
			rcgo_store_rel(&go_handler, (rcgo_go_handler)now.handler);
			rcgo__signal_chain_set_installed(sig, true);
			now.handler = (uintptr_t)rcgo__signal_chain_entry;
			rcgo__kernel_action(sig, &now, NULL);
		}
	}
}

#endif

rcgo_go_handler
rcgo__signal_chain_handler(void)
{
	return rcgo_load_rlx(&go_handler);
}

void
rcgo__signal_chain_set_handler(rcgo_go_handler handler)
{
	rcgo_store_rel(&go_handler, handler);
}

void
rcgo__signal_chain_set_installed(int sig, bool installed)
{
	rcgo__sigset_atomic_put(&go_signals, sig, installed);
}

void
rcgo__signal_chain_save(int sig, const struct rcgo_action_slot *saved)
{
	rcgo_store_rel(&saved_actions[sig], saved);
}

rcgo_go_handler
rcgo__signal_chain_go_handler(int sig)
{
	bool installed = rcgo__sigset_atomic_has(&go_signals, sig);

	return installed ? rcgo_load_rlx(&go_handler) : NULL;
}

// Replaces Go's handler for a signal that has been handled: a fault of a safe read, or a timer.
static void
empty_go_handler(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

bool
rcgo__signal_chain_set_timer(rcgo_timer_fn fn)
{
	struct sigaction act;

	if (rcgo__signal_chain_go_handler(SIGURG) == NULL ||
		rcgo__libc_sigaction(SIGURG, NULL, &act) != 0 ||
		!rcgo__signal_chain_is_go_handler(rcgo__action_handler(&act))) {
		return false;
	}
	rcgo_store_rel(&on_timer, fn);
	rcgo__action_set_handler(&act, (uintptr_t)rcgo__signal_chain_entry);
	return rcgo__libc_sigaction(SIGURG, &act, NULL) == 0;
}

// Indirect: the context part's function, written for signal handlers.
static rcgo_go_handler
inspect_timer(const siginfo_t *info, const void *context)
{
	rcgo_timer_fn fn = rcgo_load_acq(&on_timer);

	return fn != NULL && fn(info, context) ? empty_go_handler : rcgo_load_rlx(&go_handler);
}

// Indirect: the traceback part's function, written for signal handlers.
rcgo_go_handler
rcgo__signal_chain_inspect(int sig, siginfo_t *info, void *context)
{
	void (*quit)(void) = rcgo_load_acq(&before_quit);

	if (sig == SIGURG) {
		return inspect_timer(info, context);
	}
	if (sig == SIGQUIT) {
		if (quit != NULL) {
			quit();
		}
		return rcgo_load_rlx(&go_handler);
	}
	if (RCGO_UNLIKELY(!rcgo__in_go_text(RCGO_FRAME_PC((const ucontext_t *)context)))) {
		if (rcgo__uc_catch_copy(context)) {
			return empty_go_handler;
		}
		rcgo__syscall_trial_renew();
		// If C has a handler, the fault is left to it.
		if (rcgo__signal_chain_saved(sig) == NULL) {
			// If Go's handler returns, nobody releases the crash lock. Another thread
			// takes it over after 3 s.
			rcgo__c_fault_inspect(sig, info, context);
		}
	}
	return rcgo_load_rlx(&go_handler);
}

// Installs the default action and sends sig to the calling thread. It takes effect when Go's
// handler has returned.
static void
terminate_by(int sig)
{
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	rcgo__libc_sigaction(sig, &act, NULL);
	rcgo__kernel_thread_send(rcgo__kernel_thread_id(), sig);
}

// Go calls this for a signal that is not its own, instead of the handler that C had before Go. Go
// itself would call that handler with all signals blocked, and repeatedly even if it is one-shot
// (golang/go#32659).
// Indirect: that handler, which Go would have called.
void
rcgo__signal_chain_forward(int sig, siginfo_t *info, void *context)
{
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_actions[sig]);
	go_sigset_t mask, before;
	rcgo_go_handler handler;
	int err = errno;

	if (saved == NULL) {
		return;
	}
	if (saved == &consumed_action ||
		((saved->flags & (unsigned)SA_RESETHAND) != 0 &&
			!__atomic_compare_exchange_n(&saved_actions[sig], &saved, &consumed_action,
				false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))) {
		terminate_by(sig);
		return;
	}
	mask = rcgo__sigset_union(rcgo__uc_mask(context), saved->mask);
	if ((saved->flags & (unsigned)SA_NODEFER) == 0) {
		rcgo__sigset_add(&mask, sig);
	}
	memcpy(&handler, &saved->handler, sizeof handler);
	rcgo__kernel_sigmask(SIG_SETMASK, &mask, &before);
	errno = err;
	handler(sig, info, context);
	err = errno;
	rcgo__kernel_sigmask(SIG_SETMASK, &before, NULL);
	errno = err;
}

bool
rcgo__signal_chain_is_go_handler(uintptr_t handler)
{
	uintptr_t gos = (uintptr_t)rcgo_load_acq(&go_handler);

	return gos != 0 && (handler == (uintptr_t)rcgo__signal_chain_entry || handler == gos);
}

const struct rcgo_action_slot *
rcgo__signal_chain_saved(int sig)
{
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_actions[sig]);

	return saved == &consumed_action ? NULL : saved;
}

bool
rcgo__signal_chain_wrap(int sig, struct sigaction *act)
{
	if (!rcgo__signal_chain_is_go_handler(rcgo__action_handler(act))) {
		return false;
	}
	if (is_chained(sig)) {
		rcgo__action_set_handler(act, (uintptr_t)rcgo__signal_chain_entry);
	}
	// C code that got the handler from signal(3) does not know its flags, or passes different
	// ones. In strict C99 the handler would be one-shot.
	act->sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&act->sa_mask);
	return true;
}

// First-chance analysis of faults outside Go code. Runs on the alternate stack, or on the
// thread's own stack if it has none, with all signals blocked.

// The distance from a signal stack's end within which an access counts as an overflow.
#define OVERFLOW_BELOW (64 * 1024u)
#define OVERFLOW_ABOVE 4096u

// The number of bytes of a stack that are searched for Go frames.
#define MAX_SCAN (1024 * 1024u)

typedef void (*reporter_fn)(int, const siginfo_t *, void *, bool);

// owner: rcgo__signal_chain_set_reporter; lock: none; ordering: release and acquire
static reporter_fn reporter;

void
rcgo__signal_chain_set_reporter(reporter_fn fn)
{
	rcgo_store_rel(&reporter, fn);
}

// Returns whether the thread's own code raised the signal: a fault, or abort. A signal that was
// sent may be meant for os/signal.
static bool
is_crash(int sig, const siginfo_t *info)
{
	return info->si_code > 0 || (sig == SIGABRT && info->si_code == RCGO_SI_THREAD &&
					    rcgo__is_own_pid(info->si_pid));
}

static bool
is_near_end(uintptr_t at, uintptr_t lo)
{
	return lo != 0 && at - (lo - OVERFLOW_BELOW) < OVERFLOW_BELOW + OVERFLOW_ABOVE;
}

static void
write_line(const char *what)
{
	char buf[400];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "runtime/cgo: ");
	rcgo__append_str(&t, what);
	rcgo__append_str(&t, "\n");
	rcgo__report_write(&t);
}

static void
write_altstack_overflow(size_t size)
{
	char buf[200];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "signal stack overflow on thread ");
	rcgo__append_uint(&t, (uint64_t)rcgo__kernel_thread_id(), 0);
	rcgo__append_str(&t, ": its signal stack is ");
	rcgo__append_uint(&t, size / 1024, 0);
	rcgo__append_str(&t, " KiB; do less in the handler, or give sigaltstack more");
	write_line(buf);
}

static void
report_overflow(const siginfo_t *info, const ucontext_t *uc)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	uintptr_t sp = RCGO_FRAME_SP(uc);
	uintptr_t alt = (uintptr_t)uc->uc_stack.ss_sp;
	char buf[320];

	if ((uc->uc_stack.ss_flags & SS_DISABLE) == 0 && is_near_end(at, alt) &&
		is_near_end(sp, alt)) {
		write_altstack_overflow(uc->uc_stack.ss_size);
	} else if (rcgo__describe_stack_overflow(at, sp, buf, sizeof buf)) {
		write_line(buf);
	}
}

// Returns whether Go called the C code that was interrupted, on a foreign thread. Go's frames are
// then further up on the same stack.
static bool
has_go_frames(uintptr_t sp, const struct rcgo_thread_record *t)
{
	uintptr_t end = t->stack_hi;

	if (sp < t->stack_lo || sp >= end) {
		return false;
	}
	if (end - sp > MAX_SCAN) {
		end = sp + MAX_SCAN;
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
rcgo__c_fault_inspect(int sig, const siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	reporter_fn report = rcgo_load_acq(&reporter);
	const struct rcgo_thread_record *t = rcgo__thread_record();
	int saved = errno;
	bool known, locked;

	if (!is_crash(sig, info)) {
		return;
	}
	locked = report != NULL && rcgo__crash_lock_acquire();
	if (sig == SIGSEGV || sig == SIGBUS) {
		report_overflow(info, uc);
	}
	known = t != NULL &&
		(t->kind != RCGO_THREAD_FOREIGN || has_go_frames(RCGO_FRAME_SP(uc), t));
	if (locked) {
		report(sig, info, context, known);
	}
	if (!known && locked) {
		rcgo__crash_lock_release();
		rcgo__crash_lock_wait_for_others();
	}
	errno = saved;
}
