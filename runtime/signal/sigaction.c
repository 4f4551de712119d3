// SPDX-License-Identifier: BSD-3-Clause
// Conversion between Go's view of an action, which is the kernel's, and libc's. Runs on any
// stack, also in signal handlers. Re-read runtime/cgo/gcc_sigaction.c.

#include <string.h>

#include "signal_handling.h"

// libc supplies its own restorer. It hides the flag for it, but reports the bit. Only Linux has it.
#ifdef __linux__
#	define HIDDEN_FLAGS 0x04000000u
#else
#	define HIDDEN_FLAGS 0u
#endif

void
rcgo__sigmask_from_go(sigset_t *set, go_sigset_t mask)
{
	// The mask that Go nearly always uses; one call instead of 64.
	if (rcgo__sigset_equal(mask, rcgo__sigset_full())) {
		sigfillset(set);
		return;
	}
	sigemptyset(set);
	RCGO_SIGSET_EACH (sig, &mask) {
		sigaddset(set, sig);
	}
}

go_sigset_t
rcgo__sigmask_to_go(const sigset_t *set)
{
	// Every libc passes the kernel's words unchanged. Its set may have more of them.
	_Static_assert(sizeof *set >= sizeof(go_sigset_t), "sigset_t");
	go_sigset_t mask;

	memcpy(&mask, set, sizeof mask);
	return mask;
}

void
rcgo__sigaction_from_go(struct sigaction *act, const go_sigaction_t *go)
{
	memset(act, 0, sizeof *act);
	// SA_SIGINFO selects the union member; both have the same address on every Linux.
	memcpy(&act->sa_handler, &go->handler, sizeof act->sa_handler);
	act->sa_flags = (int)((unsigned)go->flags & ~HIDDEN_FLAGS);
	rcgo__sigmask_from_go(&act->sa_mask, go->mask);
}

void
rcgo__sigaction_to_go(go_sigaction_t *go, const struct sigaction *act)
{
	memcpy(&go->handler, &act->sa_handler, sizeof go->handler);
	go->flags = (unsigned)act->sa_flags;
	RCGO_COPY_RESTORER(go, act);
	go->mask = rcgo__sigmask_to_go(&act->sa_mask);
}
