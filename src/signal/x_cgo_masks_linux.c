// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the edge to C: the functions of libc that block signals, in ours' place for the
// C code of the program and its libraries; see rcgo_masks.h. Runs on any stack, before Go and in
// handlers too.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // sighold and kin
#endif

#include <errno.h>

#include "rcgo_guard_edge.h"
#include "rcgo_libc.h"
#include "rcgo_masks.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"

#if !RCGO_SANITIZED && !defined(RCGO_WITHOUT_SIGNALS)

int
pthread_sigmask(int how, const sigset_t *want, sigset_t *old)
{
	sigset_t room;

	return rcgo__libc_thread_mask(how, rcgo__masks_open(how, want, &room), old);
}

int
sigprocmask(int how, const sigset_t *want, sigset_t *old)
{
	sigset_t room;

	return rcgo__libc_sigprocmask(how, rcgo__masks_open(how, want, &room), old);
}

int
sighold(int sig)
{
	sigset_t one;

	sigemptyset(&one);
	return sigaddset(&one, sig) != 0 ? -1 : sigprocmask(SIG_BLOCK, &one, NULL);
}

// BSD's know the first 32 signals.
static int
bsd_mask(int how, int mask)
{
	sigset_t want, old;

	sigemptyset(&old);
	rcgo__sigmask_from_go(&want, (unsigned)mask);
	return sigprocmask(how, &want, &old) != 0 ? -1 : (int)rcgo__sigmask_to_go(&old);
}

int
sigblock(int mask)
{
	return bsd_mask(SIG_BLOCK, mask);
}

int
sigsetmask(int mask)
{
	return bsd_mask(SIG_SETMASK, mask);
}

#endif
