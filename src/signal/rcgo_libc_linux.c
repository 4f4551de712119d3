// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the sigaction behind ours: libc's, that of a preloaded library, or in a static
// program the system call. Runs on any stack, in handlers too.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // RTLD_NEXT
#endif

#include <dlfcn.h>
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rcgo_guard.h"
#include "rcgo_libc.h"
#include "rcgo_sanitizer.h"
#include "rcgo_signal.h"

#ifndef SA_RESTORER
#	define SA_RESTORER 0x04000000
#endif

#if !RCGO_GUARDED

int
rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	return sigaction(sig, act, old);
}

#else

typedef int (*sigaction_fn)(int, const struct sigaction *, struct sigaction *);

// owner: rcgo__libc_sigaction, always with the same value; lock: none; ordering: none needed
static rcgo_any_fn next_sigaction;

// The same for programs that are linked statically, where ours has replaced libc's.
static int
raw_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	go_sigaction_t kernel = {0}, kernel_old;

	if (sig >= RCGO_LIBC_FIRST && sig <= RCGO_LIBC_LAST) {
		errno = EINVAL;
		return -1;
	}
	if (act != NULL) {
		memcpy(&kernel.handler, &act->sa_handler, sizeof kernel.handler);
		kernel.flags = (unsigned)act->sa_flags | (unsigned)SA_RESTORER;
		kernel.restorer = (uintptr_t)rcgo__sigreturn;
		kernel.mask = rcgo__sigmask_to_go(&act->sa_mask) & ~RCGO_NEVER_MASKED;
	}
	if (syscall(SYS_rt_sigaction, sig, act != NULL ? &kernel : NULL,
		    old != NULL ? &kernel_old : NULL, sizeof(go_sigset_t)) != 0) {
		return -1;
	}
	if (old != NULL) {
		rcgo__sigaction_from_go(old, &kernel_old);
	}
	return 0;
}

void
rcgo__libc_find(rcgo_any_fn *place, const char *name, rcgo_any_fn instead)
{
	void *found = dlsym(RTLD_NEXT, name);

	if (found != NULL) {
		memcpy(&instead, &found, sizeof instead);
	}
	rcgo_store_rel(place, instead);
}

// Indirect: libc's sigaction or its like, which POSIX has to be async-signal-safe.
int
rcgo__libc_sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	if (rcgo_load_acq(&next_sigaction) == NULL) {
		rcgo__libc_find(&next_sigaction, "sigaction", (rcgo_any_fn)raw_sigaction);
	}
	return ((sigaction_fn)rcgo_load_rlx(&next_sigaction))(sig, act, old);
}

#endif
