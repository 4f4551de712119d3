// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the functions of libc that the guard has its own of, for the C code of the
// program. All behave as libc's; see rcgo_guard.h for what handlers without SA_ONSTACK gain.
#ifndef RCGO_GUARD_EDGE_H
#define RCGO_GUARD_EDGE_H

#include <signal.h>

#include "rcgo_linkage.h"

typedef void (*rcgo_plain_handler)(int);

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sigaction(int sig, const struct sigaction *act, struct sigaction *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler signal(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler bsd_signal(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler ssignal(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler sysv_signal(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler __sysv_signal(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT rcgo_plain_handler sigset(int sig, rcgo_plain_handler handler);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int siginterrupt(int sig, int flag);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sigaltstack(const stack_t *want, stack_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT int pthread_sigmask(int how, const sigset_t *want, sigset_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sigprocmask(int how, const sigset_t *want, sigset_t *old);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sighold(int sig);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sigblock(int mask);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT int sigsetmask(int mask);

#endif // RCGO_GUARD_EDGE_H
