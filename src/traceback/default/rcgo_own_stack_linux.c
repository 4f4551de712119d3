// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: a stack that is mapped for one piece of work, which may be due in
// a handler on a small one. Runs on any stack.

#include <sys/mman.h>

#include "rcgo_crash.h"

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
