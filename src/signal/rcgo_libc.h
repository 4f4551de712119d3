// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the functions of libc behind ours of the same names: libc's, or those of a
// library that was preloaded; in a static program, where ours have replaced them, the system call.
// Each first call has to be outside of handlers: rcgo__libc_init sees to it as Go starts.
#ifndef RCGO_LIBC_H
#define RCGO_LIBC_H

#include <signal.h>

#include "rcgo_base.h"
#include "rcgo_guard.h"

typedef void (*rcgo_any_fn)(void);

#if RCGO_GUARDED
// The function of that name that is next in the order in which the dynamic linker searches, or
// instead; *place keeps it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__libc_find(
	rcgo_any_fn *place, const char *name, rcgo_any_fn instead);
#endif

// Safety: MT-Safe AS-Safe | stack=os g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN void rcgo__libc_init(void);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigaltstack(const stack_t *want, stack_t *old);

// pthread_sigmask: returns 0 or an errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__libc_thread_mask(int how, const sigset_t *want, sigset_t *old);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN int rcgo__libc_sigprocmask(int how, const sigset_t *want, sigset_t *old);

#endif // RCGO_LIBC_H
