// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: an action in words. Runs on any stack, in handlers too.

#include "rcgo_signal_sight_parts.h"

#include "rcgo_front_parts.h"
#include "rcgo_gotext.h"
#include "rcgo_guard.h"
#include "rcgo_raw.h"
#include "rcgo_sigframe.h"
#include "rcgo_signal.h"

#ifndef RCGO_WITHOUT_SIGNALS

static const struct {
	const char *name;
	unsigned flag;
} flag_names[] = {
	{"SA_NOCLDSTOP", SA_NOCLDSTOP},
	{"SA_NOCLDWAIT", SA_NOCLDWAIT},
	{"SA_SIGINFO", SA_SIGINFO},
	{"SA_ONSTACK", SA_ONSTACK},
	{"SA_RESTART", SA_RESTART},
	{"SA_NODEFER", SA_NODEFER},
	{"SA_RESETHAND", (unsigned)SA_RESETHAND},
};

static const char *const signal_names[] = {NULL, "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP",
	"SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE",
	"SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN",
	"SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO",
	"SIGPWR", "SIGSYS"};

bool
rcgo__sight_kernel(int sig, go_sigaction_t *now)
{
	return rcgo__raw(SYS_rt_sigaction, sig, 0, (long)now, sizeof now->mask, 0, 0) == 0 &&
	       now->handler > (uintptr_t)SIG_IGN;
}

void
rcgo__sight_signal(struct rcgo_text *t, int sig)
{
	if (sig > 0 && (size_t)sig < RCGO_COUNTOF(signal_names)) {
		rcgo__text_str(t, signal_names[sig]);
		return;
	}
	rcgo__text_str(t, "signal ");
	rcgo__text_dec(t, (uint64_t)sig, 0);
}

static void
say_flags(struct rcgo_text *t, unsigned long have)
{
	bool some = false;

	for (size_t i = 0; i < RCGO_COUNTOF(flag_names); i++) {
		if ((have & flag_names[i].flag) != 0) {
			rcgo__text_str(t, some ? "|" : "");
			rcgo__text_str(t, flag_names[i].name);
			some = true;
		}
	}
	rcgo__text_str(t, some ? "" : "no flags");
}

// More than two signals are told as a number.
static void
say_mask(struct rcgo_text *t, go_sigset_t mask)
{
	go_sigset_t rest = mask & (mask - 1);

	if ((mask | RCGO_NEVER_MASKED) == ~(go_sigset_t)0) {
		rcgo__text_str(t, "all");
	} else if (mask == 0) {
		rcgo__text_str(t, "none");
	} else if ((rest & (rest - 1)) != 0) {
		rcgo__text_hex(t, mask);
	} else {
		rcgo__sight_signal(t, __builtin_ctzll(mask) + 1);
		if (rest != 0) {
			rcgo__text_str(t, "|");
			rcgo__sight_signal(t, __builtin_ctzll(rest) + 1);
		}
	}
}

static void
say_asked(struct rcgo_text *t, uintptr_t handler, unsigned long have, go_sigset_t mask)
{
	rcgo__sight_name(t, handler);
	rcgo__text_str(t, ", ");
	say_flags(t, have);
	rcgo__text_str(t, ", mask ");
	say_mask(t, mask);
}

// What Go has, and what it calls when a signal is not its own.
static void
say_gos(struct rcgo_text *t, int sig, const go_sigaction_t *now)
{
	const struct rcgo_action *saved = rcgo__front_saved(sig);

	rcgo__text_str(t, "Go's handler, ");
	say_flags(t, now->flags);
	rcgo__text_str(t, ", mask ");
	say_mask(t, now->mask);
	rcgo__text_str(t, "; on the alternate stack");
	if (!rcgo__in_go_text(now->handler)) {
		rcgo__text_str(t, "; ours first, to tell crashes of C");
	}
	if (saved != NULL) {
		rcgo__text_str(t, "; what is not Go's goes on to ");
		say_asked(t, saved->handler, saved->flags, saved->mask);
	}
}

static void
say_guarded(struct rcgo_text *t, int sig, const struct rcgo_action *record)
{
	bool bare = (record->flags & (unsigned)SA_ONSTACK) == 0;

	say_asked(t, record->handler, record->flags, record->mask);
	rcgo__text_str(t,
		bare ? "; on C's stack: moved there with its frame" : "; on the alternate stack");
	if (rcgo__guard_go_first(sig) && rcgo__front_go_handler(sig) != NULL) {
		rcgo__text_str(
			t, sig == SIGURG ? "; after Go's handler" : "; faults in Go are Go's");
	}
}

void
rcgo__sight_action(struct rcgo_text *t, int sig, const go_sigaction_t *now)
{
	const struct rcgo_action *record = rcgo__record_of(now->handler);

	if (now->handler <= (uintptr_t)SIG_IGN) {
		rcgo__text_str(t, now->handler == (uintptr_t)SIG_IGN ? "ignored" : "default");
	} else if (record != NULL) {
		say_guarded(t, sig, record);
	} else if (rcgo__front_is_gos(now->handler)) {
		say_gos(t, sig, now);
	} else {
		say_asked(t, now->handler, now->flags, now->mask);
		rcgo__text_str(t, (now->flags & SA_ONSTACK) != 0
					  ? "; on the alternate stack, as installed"
					  : "; on the stack that is interrupted: not guarded");
	}
}

#endif
