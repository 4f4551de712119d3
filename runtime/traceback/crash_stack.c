// SPDX-License-Identifier: BSD-3-Clause
// A stack that is mapped for one piece of work, because a signal handler may run on a small stack.
// Runs on any stack.

//rcgo:small

#include <sys/mman.h>

#include "crash_report.h"

void *
rcgo__own_stack_map(void)
{
	void *stack = mmap(
		NULL, RCGO_OWN_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return stack == MAP_FAILED ? NULL : stack;
}

void
rcgo__own_stack_run(void *stack, void (*fn)(void *))
{
	rcgo__call_on(fn, stack, (char *)stack + RCGO_OWN_STACK);
	munmap(stack, RCGO_OWN_STACK);
}
