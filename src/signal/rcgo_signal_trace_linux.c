// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: RCGO=signals=trace, which tells of each change. Runs on any stack, in handlers
// too.

#include <errno.h>
#include <unistd.h>

#include "rcgo_options.h"
#include "rcgo_signal.h"
#include "rcgo_signal_sight.h"
#include "rcgo_signal_sight_parts.h"
#include "runtime_cgo.h"

#ifndef RCGO_WITHOUT_SIGNALS

enum sight_state { SIGHT_OFF, SIGHT_WAITS, SIGHT_ON };

// A trace waits until Go is up: what Go installs as it starts stands in the table, not in 60 lines.
// owner: rcgo__sight_init, then who ends the wait; lock: none; ordering: compare and swap
static uint32_t sight_state;

// owner: rcgo__sight_start; lock: none; ordering: release and acquire
static rcgo_namer_fn sight_namer;

// Indirect: the traceback part's namer, made for handlers.
void
rcgo__sight_name(struct rcgo_text *t, uintptr_t at)
{
	rcgo_namer_fn namer = rcgo_load_acq(&sight_namer);
	char name[256] = "";

	if (namer != NULL) {
		namer(at, name, sizeof name);
	}
	if (name[0] != 0) {
		rcgo__text_str(t, name);
	} else {
		rcgo__text_hex(t, at);
	}
}

void
rcgo__sight_line(struct rcgo_text *t, int fd)
{
	rcgo__text_str(t, "\n");
	rcgo__text_write(t, fd);
	t->len = 0;
	t->buf[0] = 0;
}

// Whether it was this call that ended the wait.
static bool
sight_begins(void)
{
	uint32_t waits = SIGHT_WAITS;

	return rcgo_cas(&sight_state, &waits, SIGHT_ON);
}

void
rcgo__sight_init(void)
{
	bool trace = rcgo__option_is("signals", "trace");

	rcgo_store_rel(&sight_state, trace ? SIGHT_WAITS : SIGHT_OFF);
}

void
rcgo__sight_start(rcgo_namer_fn namer)
{
	rcgo_store_rel(&sight_namer, namer);
	if (sight_begins()) {
		rcgo_signal_dump(STDERR_FILENO);
	}
}

static RCGO_COLD void
tell_change(int sig, uintptr_t who)
{
	char buf[RCGO_SIGHT_LINE];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);
	go_sigaction_t now;
	int saved = errno;

	// Without the C frames there is nobody who starts it, and what Go does is in the table.
	if (who != RCGO_BY_GO && sight_begins()) {
		rcgo_signal_dump(STDERR_FILENO);
	}
	if (rcgo_load_acq(&sight_state) != SIGHT_ON) {
		return;
	}
	rcgo__text_str(&t, "runtime/cgo: signals: ");
	if (who == RCGO_BY_GO) {
		rcgo__text_str(&t, "Go");
	} else if (who == RCGO_BY_SWEEP) {
		rcgo__text_str(&t, "somebody, unseen,");
	} else {
		rcgo__sight_name(&t, who - 1);
	}
	rcgo__text_str(&t, " sets ");
	rcgo__sight_signal(&t, sig);
	rcgo__text_str(&t, ": ");
	rcgo__sight_kernel(sig, &now);
	rcgo__sight_action(&t, sig, &now);
	rcgo__sight_line(&t, STDERR_FILENO);
	errno = saved;
}

void
rcgo__sight_change(int sig, uintptr_t who)
{
	if (RCGO_UNLIKELY(rcgo_load_rlx(&sight_state) != SIGHT_OFF)) {
		tell_change(sig, who);
	}
}

#endif
