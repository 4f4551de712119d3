// SPDX-License-Identifier: BSD-3-Clause
// Module generations where a program counter has no spare bits for a number: 32-bit processors. A
// sample then has the names of whatever is mapped when they are asked for.

#include "module_generation.h"

#if !RCGO_MODULE_GENERATIONS

bool
rcgo__generation_is_jit(RCGO_UNUSED const struct rcgo_module_generation *generation)
{
	return false;
}

void
rcgo__generations_tag(RCGO_UNUSED uintptr_t *pcs, RCGO_UNUSED size_t n)
{
}

void
rcgo__generations_stop(void)
{
}

bool
rcgo__generations_are_stopped(void)
{
	return false;
}

uintptr_t
rcgo__generation_resolve(uintptr_t pc)
{
	return pc;
}

const struct rcgo_module_generation *
rcgo__generation_untag(RCGO_UNUSED uintptr_t *pc)
{
	return NULL;
}

#endif
