// SPDX-License-Identifier: BSD-3-Clause
// musl declares the functions of <ucontext.h> but does not define them. The cases that need them
// are not run there, but are linked into the program.
#include <features.h>

#ifndef __GLIBC__

#	include <stdlib.h>
#	include <ucontext.h>

int
getcontext(ucontext_t *now)
{
	(void)now;
	abort();
}

void
makecontext(ucontext_t *next, void (*f)(void), int args, ...)
{
	(void)next, (void)f, (void)args;
	abort();
}

int
swapcontext(ucontext_t *now, const ucontext_t *next)
{
	(void)now, (void)next;
	abort();
}

#endif
