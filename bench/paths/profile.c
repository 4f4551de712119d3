// SPDX-License-Identifier: BSD-3-Clause
#include "profile.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <unwind.h>

#include "paths.h"

// Calls itself to reach the wanted stack depth. The use of the result prevents tail calls.
static __attribute__((noinline)) int
below(int n, int depth)
{
	int err = depth > 1 ? below(n, depth - 1) : paths_signals(SIGPROF, n);

	__asm__ volatile("" : "+r"(err));
	return err;
}

int
profile_signals(int n, int depth)
{
	return below(n, depth);
}

struct stack {
	uintptr_t *pcs;
	uintptr_t n, max;
};

static _Unwind_Reason_Code
frame(struct _Unwind_Context *c, void *arg)
{
	struct stack *s = arg;

	if (s->n == s->max) {
		return _URC_END_OF_STACK;
	}
	s->pcs[s->n++] = _Unwind_GetIP(c);
	return _URC_NO_REASON;
}

static int least = 1 << 30;

void
profile_by_libgcc(void *arg)
{
	struct {
		uintptr_t context, sigcontext, *buf, max;
	} *a = arg;
	struct stack s = {.pcs = a->buf, .max = a->max};

	_Unwind_Backtrace(frame, &s);
	if (s.n < s.max) {
		s.pcs[s.n] = 0;
	}
	least = (int)s.n < least ? (int)s.n : least;
}

int
profile_least(void)
{
	return least;
}
