// SPDX-License-Identifier: BSD-3-Clause
// Signal dumps: describes an action in words, traces changes, and writes the table of handlers.
// Runs on any stack, also in signal handlers.

//rcgo:small

#include "signal_dump.h"

#include <errno.h>
#include <unistd.h>

#include "go_text.h"
#include "interpose.h"
#include "options.h"
#include "kernel.h"
#include "runtime_cgo.h"
#include "sigframe.h"
#include "signal_chain.h"
#include "signal_handling.h"

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
rcgo__signal_dump_kernel(int sig, go_sigaction_t *now)
{
	return rcgo__kernel_action(sig, NULL, now) == 0 && now->handler > (uintptr_t)SIG_IGN;
}

void
rcgo__signal_dump_signal(struct rcgo_strbuf *t, int sig)
{
	if (sig > 0 && (size_t)sig < RCGO_COUNTOF(signal_names)) {
		rcgo__append_str(t, signal_names[sig]);
		return;
	}
	rcgo__append_str(t, "signal ");
	rcgo__append_uint(t, (uint64_t)sig, 0);
}

static void
append_flags(struct rcgo_strbuf *t, unsigned long flags)
{
	bool some = false;

	for (size_t i = 0; i < RCGO_COUNTOF(flag_names); i++) {
		if ((flags & flag_names[i].flag) != 0) {
			rcgo__append_str(t, some ? "|" : "");
			rcgo__append_str(t, flag_names[i].name);
			some = true;
		}
	}
	rcgo__append_str(t, some ? "" : "no flags");
}

// Appends a mask as a number, of 64 bits or, if it has signals beyond the 64th, of 128.
static void
append_mask_hex(struct rcgo_strbuf *t, go_sigset_t mask)
{
	uint64_t half[2] = {0};

	RCGO_SIGSET_EACH (sig, &mask) {
		half[(sig - 1) / 64] |= UINT64_C(1) << ((sig - 1) % 64);
	}
	if (half[1] != 0) {
		rcgo__append_hex(t, half[1]);
		rcgo__append_str(t, ":");
	}
	rcgo__append_hex(t, half[0]);
}

// Appends a mask. More than two signals are written as a number.
static void
append_mask(struct rcgo_strbuf *t, go_sigset_t mask)
{
	int first = rcgo__sigset_next(&mask, 0);
	int second = first == 0 ? 0 : rcgo__sigset_next(&mask, first);

	if (rcgo__sigset_equal(
		    rcgo__sigset_union(mask, rcgo__sigset_never_masked()), rcgo__sigset_full())) {
		rcgo__append_str(t, "all");
	} else if (first == 0) {
		rcgo__append_str(t, "none");
	} else if (second != 0 && rcgo__sigset_next(&mask, second) != 0) {
		append_mask_hex(t, mask);
	} else {
		rcgo__signal_dump_signal(t, first);
		if (second != 0) {
			rcgo__append_str(t, "|");
			rcgo__signal_dump_signal(t, second);
		}
	}
}

static void
append_action(struct rcgo_strbuf *t, uintptr_t handler, unsigned long flags, go_sigset_t mask)
{
	rcgo__signal_dump_name(t, handler);
	rcgo__append_str(t, ", ");
	append_flags(t, flags);
	rcgo__append_str(t, ", mask ");
	append_mask(t, mask);
}

// Appends Go's handler, and the handler that Go calls for a signal that is not its own.
static void
append_go_handler(struct rcgo_strbuf *t, int sig, const go_sigaction_t *now)
{
	const struct rcgo_action_slot *saved = rcgo__signal_chain_saved(sig);

	rcgo__append_str(t, "Go's handler, ");
	append_flags(t, now->flags);
	rcgo__append_str(t, ", mask ");
	append_mask(t, now->mask);
	rcgo__append_str(t, "; on the alternate stack");
	if (!rcgo__in_go_text(now->handler)) {
		rcgo__append_str(t, "; ours first, to tell crashes of C");
	}
	if (saved != NULL) {
		rcgo__append_str(t, "; what is not Go's goes on to ");
		append_action(t, saved->handler, saved->flags, saved->mask);
	}
}

static const char *
go_first_note(int sig)
{
	switch (sig) {
	case SIGURG:
		return "; after Go's handler";
	case SIGFPE:
		return "; faults in Go are Go's";
	default:
		return "; nil pointers in Go are Go's";
	}
}

static void
append_interposed(struct rcgo_strbuf *t, int sig, const struct rcgo_action_slot *slot)
{
	bool no_onstack = (slot->flags & (unsigned)SA_ONSTACK) == 0;

	append_action(t, slot->handler, slot->flags, slot->mask);
	rcgo__append_str(t, no_onstack ? "; on C's stack: moved there with its frame"
				       : "; on the alternate stack");
	if (rcgo__interpose_deliver_to_go(sig) && rcgo__signal_chain_go_handler(sig) != NULL) {
		rcgo__append_str(t, go_first_note(sig));
	}
}

void
rcgo__signal_dump_action(struct rcgo_strbuf *t, int sig, const go_sigaction_t *now)
{
	const struct rcgo_action_slot *slot = rcgo__action_slot_of(now->handler);

	if (now->handler <= (uintptr_t)SIG_IGN) {
		rcgo__append_str(t, now->handler == (uintptr_t)SIG_IGN ? "ignored" : "default");
	} else if (slot != NULL) {
		append_interposed(t, sig, slot);
	} else if (rcgo__signal_chain_is_go_handler(now->handler)) {
		append_go_handler(t, sig, now);
	} else {
		append_action(t, now->handler, now->flags, now->mask);
		rcgo__append_str(t, (now->flags & SA_ONSTACK) != 0
					    ? "; on the alternate stack, as installed"
					    : "; on the stack that is interrupted: not guarded");
	}
}

#endif

// RCGO=signals=trace: writes a line for each change. Runs on any stack, also in signal handlers.

#ifndef RCGO_WITHOUT_SIGNALS

enum dump_state { DUMP_OFF, DUMP_WAITING, DUMP_ON };

// Tracing waits until Go is up. The actions that Go installs while it starts are then in the
// table, not in 60 lines.
// owner: rcgo__signal_dump_init, then the thread that ends the wait; lock: none; ordering: cas
static uint32_t dump_state;

// owner: rcgo__signal_dump_start; lock: none; ordering: release and acquire
static rcgo_symbolize_fn dump_symbolizer;

// Indirect: the traceback part's symbolize callback, written for signal handlers.
void
rcgo__signal_dump_name(struct rcgo_strbuf *t, uintptr_t at)
{
	rcgo_symbolize_fn name_pc = rcgo_load_acq(&dump_symbolizer);
	char name[256] = "";

	if (name_pc != NULL) {
		name_pc(at, name, sizeof name);
	}
	if (name[0] != 0) {
		rcgo__append_str(t, name);
	} else {
		rcgo__append_hex(t, at);
	}
}

void
rcgo__signal_dump_line(struct rcgo_strbuf *t, int fd)
{
	rcgo__append_str(t, "\n");
	rcgo__strbuf_write(t, fd);
	t->len = 0;
	t->buf[0] = 0;
}

// Ends the wait. Returns whether this call did it.
static bool
dump_begins(void)
{
	uint32_t waits = DUMP_WAITING;

	return rcgo_cas(&dump_state, &waits, DUMP_ON);
}

void
rcgo__signal_dump_init(void)
{
	bool trace = rcgo__option_is("signals", "trace");

	rcgo_store_rel(&dump_state, trace ? DUMP_WAITING : DUMP_OFF);
}

void
rcgo__signal_dump_start(rcgo_symbolize_fn name_pc)
{
	rcgo_store_rel(&dump_symbolizer, name_pc);
	if (dump_begins()) {
		rcgo_signal_dump(STDERR_FILENO);
	}
}

static RCGO_COLD void
write_change(int sig, uintptr_t who)
{
	char buf[RCGO_SIGNAL_DUMP_LINE];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);
	go_sigaction_t now;
	int saved = errno;

	// In a program without C tracebacks nobody calls rcgo__signal_dump_start. Go's own
	// changes are in the table.
	if (who != RCGO_BY_GO && dump_begins()) {
		rcgo_signal_dump(STDERR_FILENO);
	}
	if (rcgo_load_acq(&dump_state) != DUMP_ON) {
		return;
	}
	rcgo__append_str(&t, "runtime/cgo: signals: ");
	if (who == RCGO_BY_GO) {
		rcgo__append_str(&t, "Go");
	} else if (who == RCGO_BY_RESCAN) {
		rcgo__append_str(&t, "a call that bypassed the interposers");
	} else {
		rcgo__signal_dump_name(&t, who - 1);
	}
	rcgo__append_str(&t, " sets ");
	rcgo__signal_dump_signal(&t, sig);
	rcgo__append_str(&t, ": ");
	rcgo__signal_dump_kernel(sig, &now);
	rcgo__signal_dump_action(&t, sig, &now);
	rcgo__signal_dump_line(&t, STDERR_FILENO);
	errno = saved;
}

void
rcgo__signal_dump_change(int sig, uintptr_t who)
{
	if (RCGO_UNLIKELY(rcgo_load_rlx(&dump_state) != DUMP_OFF)) {
		write_change(sig, who);
	}
}

#endif

// The table of handlers (signal_dump.h). Runs on any stack, also in signal handlers.

#ifndef RCGO_WITHOUT_SIGNALS

// Returns the last of the unnamed signals from sig on that have the same action. Most of them are
// Go's.
static int
last_of_run(int sig, const go_sigaction_t *now)
{
	go_sigaction_t next;

	while (sig > SIGSYS && sig < RCGO_SIGNALS && rcgo__signal_dump_kernel(sig + 1, &next) &&
		memcmp(&next, now, sizeof next) == 0) {
		sig++;
	}
	return sig;
}

void
rcgo_signal_dump(int fd)
{
	char buf[RCGO_SIGNAL_DUMP_LINE];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);
	go_sigaction_t now;
	int saved = errno;

	rcgo__append_str(&t, "runtime/cgo: signals: what has a handler");
	rcgo__signal_dump_line(&t, fd);
	for (int sig = 1, last; sig <= RCGO_SIGNALS; sig = last + 1) {
		last = sig;
		if (rcgo__signal_dump_kernel(sig, &now)) {
			last = last_of_run(sig, &now);
			rcgo__append_str(&t, "\t");
			rcgo__signal_dump_signal(&t, sig);
			if (last > sig) {
				rcgo__append_str(&t, " to ");
				rcgo__append_uint(&t, (uint64_t)last, 0);
			}
			rcgo__append_str(&t, ": ");
			rcgo__signal_dump_action(&t, sig, &now);
			rcgo__signal_dump_line(&t, fd);
		}
	}
	errno = saved;
}

#endif
