// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: which signals stay open on threads that run Go. Runs on any stack, in handlers
// too. Re-read runtime/signal_unix.go (blockableSig).

#include "rcgo_masks.h"

#include <sys/types.h>

#include "rcgo_raw.h"
#include "rcgo_sigframe.h"
#include "rcgo_signal.h"

// The process whose masks are looked at, not a child that shares its memory; 0: nobody's are.
// owner: rcgo__masks_init; lock: none; ordering: a word
static pid_t masked_process;

static pid_t
process(void)
{
	return (pid_t)rcgo__raw(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

void
rcgo__masks_init(void)
{
	rcgo_store_rlx(&masked_process, process());
}

static go_sigset_t
gos_own(void)
{
	return rcgo__sig_bit(SIGSEGV) | rcgo__sig_bit(SIGBUS) | rcgo__sig_bit(SIGFPE) |
	       rcgo__sig_bit(SIGILL) | rcgo__sig_bit(SIGTRAP) | rcgo__sig_bit(SIGURG);
}

const sigset_t *
rcgo__masks_open(int how, const sigset_t *want, sigset_t *room)
{
	struct rcgo_signal_thread t;
	go_sigset_t mask, open = gos_own(), now = 0;

	if (want == NULL || how == SIG_UNBLOCK) {
		return want;
	}
	mask = rcgo__sigmask_to_go(want);
	if ((mask & gos_own()) == 0 || !rcgo__signal_thread(&t) ||
		process() != rcgo_load_rlx(&masked_process)) {
		return want;
	}
	// What is blocked already stays so, as in the signal's own handler.
	if (how == SIG_SETMASK) {
		rcgo__raw(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&now, sizeof now, 0, 0);
		open &= ~now;
	}
	mask &= ~open;
	*room = *want;
	memcpy(room, &mask, sizeof mask);
	return room;
}
