// SPDX-License-Identifier: BSD-3-Clause
// Mask filter: the signals that stay unblocked on threads that run Go. Runs on any stack, also in
// signal handlers.
// Re-read runtime/signal_unix.go (blockableSig).

#include "libc_signal.h"

#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "kernel.h"
#include "raw_syscall.h"
#include "signal_handling.h"
#include "thread_record.h"

// The process whose masks are filtered. A child that shares its memory is not meant. 0: none.
// owner: rcgo__signal_mask_init; lock: none; ordering: a word
static pid_t filtered_process;

static pid_t
own_process_id(void)
{
	return (pid_t)rcgo__raw_syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

void
rcgo__signal_mask_init(void)
{
	rcgo_store_rlx(&filtered_process, own_process_id());
}

static go_sigset_t
go_needed_signals(void)
{
	go_sigset_t set = rcgo__sigset_of(SIGSEGV);

	rcgo__sigset_add(&set, SIGBUS);
	rcgo__sigset_add(&set, SIGFPE);
	rcgo__sigset_add(&set, SIGILL);
	rcgo__sigset_add(&set, SIGTRAP);
	rcgo__sigset_add(&set, SIGURG);
	return set;
}

const sigset_t *
rcgo__signal_mask_filter(int how, const sigset_t *want, sigset_t *room)
{
	go_sigset_t mask, open = go_needed_signals(), now = rcgo__sigset_empty();

	if (want == NULL || how == SIG_UNBLOCK || rcgo_load_rlx(&filtered_process) == 0) {
		return want;
	}
	mask = rcgo__sigmask_to_go(want);
	if (rcgo__sigset_is_empty(rcgo__sigset_intersect(mask, open)) ||
		rcgo__thread_record() == NULL ||
		own_process_id() != rcgo_load_rlx(&filtered_process)) {
		return want;
	}
	// Signals that are already blocked stay blocked, for example in the signal's own handler.
	if (how == SIG_SETMASK) {
		rcgo__kernel_sigmask(SIG_BLOCK, NULL, &now);
		open = rcgo__sigset_minus(open, now);
	}
	mask = rcgo__sigset_minus(mask, open);
	*room = *want;
	memcpy(room, &mask, sizeof mask);
	return room;
}

int
rcgo__signal_mask_change(int how, const sigset_t *want, sigset_t *old)
{
	sigset_t room;

	return rcgo__libc_sigprocmask(how, rcgo__signal_mask_filter(how, want, &room), old);
}
