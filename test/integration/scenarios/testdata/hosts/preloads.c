// SPDX-License-Identifier: BSD-3-Clause
// Libraries for LD_PRELOAD that interpose libc's signal functions: with -DOTHER a sigaction that
// calls libc's other name for it, with -DSIGNAL a signal(3), with -DBACK a sigaction that calls
// signal(3) first.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

typedef void (*handler_fn)(int);

static inline void
say(const char *what)
{
	if (write(STDERR_FILENO, what, strlen(what)) < 0) {
		_exit(9);
	}
}

#ifdef OTHER

extern int __sigaction(int sig, const struct sigaction *act, struct sigaction *old);

int
sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	say(act != NULL && act->sa_handler != SIG_DFL ? "preloaded sigaction\n" : "");
	return __sigaction(sig, act, old);
}

#endif

#ifdef SIGNAL

handler_fn
signal(int sig, handler_fn handler)
{
	handler_fn (*next)(int, handler_fn) =
		(handler_fn(*)(int, handler_fn))dlsym(RTLD_NEXT, "signal");

	say("preloaded signal\n");
	return next(sig, handler);
}

#endif

#ifdef BACK

int
sigaction(int sig, const struct sigaction *act, struct sigaction *old)
{
	int (*next)(int, const struct sigaction *, struct sigaction *) = (int (*)(
		int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");

	if (act != NULL && sig == SIGUSR2) {
		say("preloaded sigaction\n");
		signal(sig, SIG_IGN);
	}
	return next(sig, act, old);
}

#endif
