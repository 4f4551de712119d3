// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the ways into a walk. Runs in handlers with all signals blocked.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_edition.h"
#include "rcgo_step.h"

// Walks from the place in *walk on; start is where it came from.
static size_t
walk_from(struct rcgo_walk *walk, const struct rcgo_start *start, uintptr_t *pcs, size_t max)
{
	struct rcgo_place from = walk->at;
	size_t skip = walk->skip;

	walk->object[0].size = 0;
	walk->object[0].module.start = 0;
	walk->object[1].size = 0;
	walk->object[1].module.start = 0;
	walk->current = 0;
	walk->loose = false;
	walk->pcs = pcs;
	walk->max = max;
	walk->n = 0;
	rcgo__memory_stack(&walk->memory, from.sp);
	if (!rcgo__walk_by_rules(walk)) {
		walk->at = from;
		walk->n = 0;
		walk->skip = skip;
		rcgo__memory_stack(&walk->memory, from.sp);
		rcgo__walk_full(walk, start);
	}
	return walk->n;
}

// Where the signal has interrupted that this is the context of.
RCGO_RAW_READS static size_t
walk_interrupted(struct rcgo_walk *walk, const void *ucontext, uintptr_t *pcs, size_t max)
{
	const char *uc = ucontext;
	struct rcgo_start start = {.ucontext = ucontext, .saved = NULL};

	walk->at = (struct rcgo_place){
		.pc = *(const uintptr_t *)(const void *)(uc + RCGO_UC_PC),
		.sp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_SP),
		.fp = *(const uintptr_t *)(const void *)(uc + RCGO_UC_FP),
		.lr = *(const uintptr_t *)(const void *)(uc + RCGO_UC_LR),
		.exact = true,
	};
	walk->skip = 0;
	return walk_from(walk, &start, pcs, max);
}

size_t
rcgo__walk_from_handler(const void *ucontext, uintptr_t *pcs, size_t max)
{
	struct rcgo_walk walk;

	return walk_interrupted(&walk, ucontext, pcs, max);
}

size_t
rcgo__walk_sample(const void *ucontext, uintptr_t *pcs, size_t max)
{
	struct rcgo_walk walk;
	size_t n = walk_interrupted(&walk, ucontext, pcs, max);

	if (walk.loose) {
		rcgo__editions_mark(pcs, n);
	}
	return n;
}

uintptr_t
rcgo__walk_place(const void *ucontext)
{
	return *(const uintptr_t *)(const void *)((const char *)ucontext + RCGO_UC_PC);
}

static size_t
walk_saved(const struct rcgo_saved_regs *saved, size_t skip, uintptr_t *pcs, size_t max)
{
	struct rcgo_start start = {.ucontext = NULL, .saved = saved};
	struct rcgo_walk walk;

	walk.at = (struct rcgo_place){
		.pc = rcgo__arch_strip(saved->pc),
		.sp = saved->sp,
		.fp = saved->fp,
	};
	walk.skip = skip;
	return walk_from(&walk, &start, pcs, max);
}

size_t
rcgo__walk_saved(const struct rcgo_saved_regs *saved, uintptr_t *pcs, size_t max)
{
	return walk_saved(saved, 0, pcs, max);
}

__attribute__((noinline)) size_t
rcgo__walk_here(uintptr_t *pcs, size_t max)
{
	struct rcgo_saved_regs saved;
	size_t n;

	rcgo__regs_capture(&saved);
	n = walk_saved(&saved, 1, pcs, max);
	// No tail call: this frame is walked.
	__asm__("" : "+r"(n));
	return n;
}
