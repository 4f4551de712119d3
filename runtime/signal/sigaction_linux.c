// SPDX-License-Identifier: BSD-3-Clause
// Conversion between Go's view of an action, which is the kernel's, and libc's. Runs on any
// stack, also in signal handlers. Re-read runtime/cgo/gcc_sigaction.c.

#include <string.h>

#include "altstack.h"
#include "interpose.h"
#include "libc_signal.h"
#include "options.h"
#include "signal_chain.h"
#include "signal_dump.h"
#include "signal_handling.h"

// libc hides the flag, and glibc on arm64 the constant, but reports the bit.
#ifndef SA_RESTORER
#	define SA_RESTORER 0x04000000
#endif

#define WORD_BITS (8 * sizeof(unsigned long))
#define MASK_BITS (8 * sizeof(go_sigset_t))

void
rcgo__sigmask_from_go(sigset_t *set, go_sigset_t mask)
{
	// The mask that Go nearly always uses; one call instead of 64.
	if (mask == ~(go_sigset_t)0) {
		sigfillset(set);
		return;
	}
	sigemptyset(set);
	while (mask != 0) {
		sigaddset(set, __builtin_ctzll(mask) + 1);
		mask &= mask - 1;
	}
}

go_sigset_t
rcgo__sigmask_to_go(const sigset_t *set)
{
	// Every libc on Linux passes the kernel's words unchanged: an array of unsigned long.
	unsigned long words[MASK_BITS / WORD_BITS];
	go_sigset_t mask = 0;

	memcpy(words, set, sizeof words);
	for (size_t i = 0; i < RCGO_COUNTOF(words); i++) {
		mask |= (go_sigset_t)words[i] << (i * WORD_BITS);
	}
	return mask;
}

void
rcgo__sigaction_from_go(struct sigaction *act, const go_sigaction_t *go)
{
	memset(act, 0, sizeof *act);
	// SA_SIGINFO selects the union member; both have the same address on every Linux.
	memcpy(&act->sa_handler, &go->handler, sizeof act->sa_handler);
	act->sa_flags = (int)(go->flags & ~(unsigned long)SA_RESTORER);
	rcgo__sigmask_from_go(&act->sa_mask, go->mask);
}

void
rcgo__sigaction_to_go(go_sigaction_t *go, const struct sigaction *act)
{
	memcpy(&go->handler, &act->sa_handler, sizeof go->handler);
	go->flags = (unsigned)act->sa_flags;
	go->restorer = (uintptr_t)act->sa_restorer;
	go->mask = rcgo__sigmask_to_go(&act->sa_mask);
}

void
rcgo__signal_init(void)
{
	if (rcgo__option_is("signals", "off")) {
		rcgo__interpose_set_mode(RCGO_INTERPOSE_OFF);
		rcgo__altstack_off();
	} else if (rcgo__option_is("signals", "onstack")) {
		rcgo__interpose_set_mode(RCGO_INTERPOSE_ONSTACK);
	}
	if (!rcgo__option_is("signals", "off")) {
		rcgo__signal_mask_init();
	}
	rcgo__signal_dump_init();
	rcgo__libc_init();
}
