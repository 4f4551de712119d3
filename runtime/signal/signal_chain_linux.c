// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the front: Go's sigaction, and what Go calls of C's. Runs on any stack, in
// handlers too. Re-read runtime/signal_unix.go (initsig, sigfwdgo, raisebadsignal).

#include "signal_chain.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crash_reporter.h"
#include "crash_lock.h"
#include "fork_detect.h"
#include "go_text.h"
#include "interpose.h"
#include "report.h"
#include "sanitizer.h"
#include "sigframe.h"
#include "signal_handling.h"
#include "strbuf.h"
#include "syscall_trial.h"

// Go's one handler for all signals.
// owner: Go, through x_cgo_sigaction; lock: none; ordering: release and acquire
static rcgo_go_handler go_handler;

// The signals, as bits, that Go's handler has been installed for.
// owner: as go_handler; lock: none; ordering: atomic or
static uint64_t go_signals;

// What C has had for a signal when Go asked, for Go to call (rcgo__forward) or to put back; NULL
// when C had no handler, and spent when it had one for a single signal, which has come.
// owner: as go_handler, and forward; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *saved_of[RCGO_SIGNALS + 1];
static const struct rcgo_action_slot spent_action;

// Whether that came into the kernel's table past our functions, as bits.
// owner: as go_handler; lock: none; ordering: atomic operations
static uint64_t saved_past_us;

// The default action or SIG_IGN that C has had for a signal when Go asked, with its flags and mask,
// to put back; NULL when Go has not asked, or has seen a handler.
// owner: as go_handler; lock: none; ordering: release and acquire
static const struct rcgo_action_slot *saved_default_of[RCGO_SIGNALS + 1];

// owner: rcgo__signal_chain_set_quit; lock: none; ordering: release and acquire
static void (*before_quit)(void);

void
rcgo__signal_chain_set_quit(void (*fn)(void))
{
	rcgo_store_rel(&before_quit, fn);
}

// Whether ours stands before Go's handler.
static bool
is_fronted(int sig)
{
	return sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE || sig == SIGILL ||
	       sig == SIGTRAP || sig == SIGABRT || sig == SIGSYS || sig == SIGQUIT;
}

rcgo_go_handler
rcgo__signal_chain_go_handler(int sig)
{
	bool has = (rcgo_load_acq(&go_signals) & rcgo__sig_bit(sig)) != 0;

	return has ? rcgo_load_rlx(&go_handler) : NULL;
}

// Stands for Go's handler where a fault of our own reads has been dealt with.
static void
return_at_once(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

// Indirect: the traceback part's, made for handlers.
rcgo_go_handler
rcgo__signal_chain_inspect(int sig, siginfo_t *info, void *context)
{
	void (*quit)(void) = rcgo_load_acq(&before_quit);

	if (sig == SIGQUIT) {
		if (quit != NULL) {
			quit();
		}
		return rcgo_load_rlx(&go_handler);
	}
	if (RCGO_UNLIKELY(!rcgo__in_go_text(RCGO_FRAME_PC((const ucontext_t *)context)))) {
		if (rcgo__uc_catch_copy(context)) {
			return return_at_once;
		}
		rcgo__syscall_trial_renew();
		// What C's handler makes of it is its own affair.
		if (rcgo__signal_chain_saved(sig) == NULL) {
			// The turn is not given back where Go's handler returns: it passes on by
			// itself.
			rcgo__c_fault_inspect(sig, info, context);
		}
	}
	return rcgo_load_rlx(&go_handler);
}

// The default action, once the handler of Go's that is running has returned.
static void
die_of(int sig)
{
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	rcgo__libc_sigaction(sig, &act, NULL);
	syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), sig);
}

// Go calls this for a signal that is not its own, in place of the handler that C had before Go.
// Go calls such handlers with all signals blocked and again and again (golang/go#32659).
// Indirect: that handler, which Go would have called.
static void
forward(int sig, siginfo_t *info, void *context)
{
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_of[sig]);
	go_sigset_t mask, before;
	rcgo_go_handler handler;
	int err = errno;

	if (saved == NULL) {
		return;
	}
	if (saved == &spent_action ||
		((saved->flags & (unsigned)SA_RESETHAND) != 0 &&
			!__atomic_compare_exchange_n(&saved_of[sig], &saved, &spent_action, false,
				__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))) {
		die_of(sig);
		return;
	}
	mask = rcgo__uc_mask(context) | saved->mask;
	if ((saved->flags & (unsigned)SA_NODEFER) == 0) {
		mask |= rcgo__sig_bit(sig);
	}
	memcpy(&handler, &saved->handler, sizeof handler);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &before, sizeof mask);
	errno = err;
	handler(sig, info, context);
	err = errno;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
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
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_of[sig]);

	return saved == &spent_action ? NULL : saved;
}

bool
rcgo__signal_chain_wrap(int sig, struct sigaction *act)
{
	if (!rcgo__signal_chain_is_go_handler(rcgo__action_handler(act))) {
		return false;
	}
	if (is_fronted(sig)) {
		rcgo__action_set_handler(act, (uintptr_t)rcgo__signal_chain_entry);
	}
	// C that saw the handler by signal(3) knows no flags to put it back with, or others: in
	// strict C99 it is one-shot.
	act->sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigfillset(&act->sa_mask);
	return true;
}

static void
note_past_us(int sig, bool past_us)
{
	if (past_us) {
		__atomic_fetch_or(&saved_past_us, rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	} else {
		__atomic_fetch_and(&saved_past_us, ~rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	}
}

// Go asks what there is, and may keep the handler that it is shown.
static int
query(int sig, struct sigaction *old)
{
	int err = rcgo__libc_sigaction(sig, NULL, old) != 0 ? errno : 0;
	uintptr_t handler, kernels;

	if (err != 0) {
		return err;
	}
	kernels = rcgo__action_handler(old);
	rcgo__interpose_view(sig, old);
	handler = rcgo__action_handler(old);
	if (handler == (uintptr_t)rcgo__signal_chain_entry) {
		rcgo__action_set_handler(old, (uintptr_t)rcgo_load_rlx(&go_handler));
	} else if (old->sa_handler == SIG_DFL || old->sa_handler == SIG_IGN) {
		rcgo_store_rel(&saved_of[sig], NULL);
		rcgo_store_rel(
			&saved_default_of[sig], rcgo__action_slot_lookup_or_insert(old, false));
	} else if (!rcgo__in_go_text(handler)) {
		const struct rcgo_action_slot *saved =
			rcgo__action_slot_lookup_or_insert(old, false);

		rcgo_store_rel(&saved_default_of[sig], NULL);
		if (saved != NULL) {
			note_past_us(sig, kernels == handler);
			rcgo_store_rel(&saved_of[sig], saved);
			rcgo__action_set_handler(old, (uintptr_t)forward);
		}
	}
	return 0;
}

static void
set_to(struct sigaction *act, const struct rcgo_action_slot *saved)
{
	memset(act, 0, sizeof *act);
	rcgo__action_set_handler(act, saved->handler);
	act->sa_flags = (int)saved->flags;
	rcgo__sigmask_from_go(&act->sa_mask, saved->mask);
}

// Go puts back what C had, but with flags and a mask of its own.
static int
restore_action(int sig)
{
	const struct rcgo_action_slot *saved = rcgo__signal_chain_saved(sig);
	bool past_us = (rcgo_load_acq(&saved_past_us) & rcgo__sig_bit(sig)) != 0;
	struct sigaction act = {.sa_handler = SIG_DFL};

	sigemptyset(&act.sa_mask);
	if (saved != NULL) {
		set_to(&act, saved);
	}
	return rcgo__interpose_restore(sig, &act, past_us) != 0 ? errno : 0;
}

// The same for the default action and SIG_IGN.
static void
put_back_default(int sig, struct sigaction *act)
{
	const struct rcgo_action_slot *saved = rcgo_load_acq(&saved_default_of[sig]);

	if (saved != NULL && saved->handler == rcgo__action_handler(act)) {
		set_to(act, saved);
	}
}

int
rcgo__signal_chain_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	struct sigaction ours;
	uintptr_t handler, start, end;
	int err;

	if (RCGO_SANITIZED || sig <= 0 || sig > RCGO_SIGNALS || !rcgo__go_text(&start, &end)) {
		return rcgo__libc_sigaction(sig, act, old) != 0 ? errno : 0;
	}
	if (old != NULL && (err = query(sig, old)) != 0) {
		return err;
	}
	if (act == NULL) {
		return 0;
	}
	ours = *act;
	handler = rcgo__action_handler(act);
	if (handler == (uintptr_t)forward) {
		return restore_action(sig);
	}
	if (rcgo__in_go_text(handler)) {
		rcgo_store_rel(&go_handler, (rcgo_go_handler)handler);
		rcgo__action_set_handler(
			&ours, is_fronted(sig) ? (uintptr_t)rcgo__signal_chain_entry : handler);
	} else {
		put_back_default(sig, &ours);
	}
	if (rcgo__libc_sigaction(sig, &ours, NULL) != 0) {
		return errno;
	}
	if (rcgo__in_go_text(handler)) {
		__atomic_fetch_or(&go_signals, rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	} else {
		__atomic_fetch_and(&go_signals, ~rcgo__sig_bit(sig), __ATOMIC_RELEASE);
	}
	return 0;
}

// Signal Handling: what our handler in front of Go's sees in a fault that is not Go's. Runs on the
// alternate stack, or on that of a thread which has none, with all signals blocked.

// How far from a signal stack's end its overflow shows.
#define OVERFLOW_BELOW (64 * 1024u)
#define OVERFLOW_ABOVE 4096u

// How much of a stack is looked at for Go.
#define SCAN_MOST (1024 * 1024u)

typedef void (*reporter_fn)(int, const siginfo_t *, void *);

// owner: rcgo__signal_chain_set_reporter; lock: none; ordering: release and acquire
static reporter_fn reporter;

void
rcgo__signal_chain_set_reporter(reporter_fn fn)
{
	rcgo_store_rel(&reporter, fn);
}

// Whether the signal came from the thread's own code: a fault, or abort. One that somebody sent may
// be awaited by os/signal.
static bool
is_crash(int sig, const siginfo_t *info)
{
	return info->si_code > 0 ||
	       (sig == SIGABRT && info->si_code == SI_TKILL && rcgo__is_own_pid(info->si_pid));
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
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "runtime/cgo: ");
	rcgo__append_str(&t, what);
	rcgo__append_str(&t, "\n");
	rcgo__report_write(&t);
}

static void
say_altstack(size_t size)
{
	char buf[200];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "signal stack overflow on thread ");
	rcgo__append_uint(&t, (uint64_t)syscall(SYS_gettid), 0);
	rcgo__append_str(&t, ": its signal stack is ");
	rcgo__append_uint(&t, size / 1024, 0);
	rcgo__append_str(&t, " KiB; do less in the handler, or give sigaltstack more");
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
rcgo__c_fault_inspect(int sig, const siginfo_t *info, void *context)
{
	const ucontext_t *uc = context;
	reporter_fn report = rcgo_load_acq(&reporter);
	struct rcgo_signal_thread t = {0};
	int saved = errno;
	bool known, turn;

	if (!is_crash(sig, info)) {
		return;
	}
	turn = report != NULL && rcgo__crash_lock_acquire();
	known = rcgo__signal_thread(&t);
	if (sig == SIGSEGV || sig == SIGBUS) {
		name_overflow(info, uc);
	}
	known = known && (!t.is_foreign || go_is_below(RCGO_FRAME_SP(uc), &t));
	if (!known && turn) {
		report(sig, info, context);
		rcgo__crash_lock_release();
		rcgo__crash_lock_wait_for_others();
	}
	errno = saved;
}
