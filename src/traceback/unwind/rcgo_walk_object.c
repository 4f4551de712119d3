// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what a program counter lies in: an object, a restorer.
// Runs in handlers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_debug_frame.h"
#include "rcgo_rule.h"
#include "rcgo_step.h"

bool
rcgo__walk_object(struct rcgo_walk *walk, uintptr_t pc)
{
	struct rcgo_object_memo *object;

	for (unsigned i = 0; i < RCGO_COUNTOF(walk->object); i++) {
		if (pc - walk->object[i].module.start < walk->object[i].size) {
			walk->current = i;
			return true;
		}
	}
	walk->current = (walk->current + 1) % RCGO_COUNTOF(walk->object);
	object = &walk->object[walk->current];
	if (!rcgo__module_find(pc, &object->module)) {
		object->size = 0;
		return false;
	}
	walk->loose |= !object->module.pinned;
	object->size = object->module.end - object->module.start;
	object->salt = object->module.key * RCGO_RULE_MIX;
	if (walk->quick_of == walk->current) {
		walk->quick_of = RCGO_COUNTOF(walk->object);
	}
	return pc - object->module.start < object->size;
}

static struct rcgo_cfi_area
area_of(const struct rcgo_module *module)
{
	return (struct rcgo_cfi_area){
		.start = module->start,
		.end = module->end,
		.pinned = module->pinned,
	};
}

uint64_t
rcgo__walk_quick(struct rcgo_walk *walk)
{
	struct rcgo_object_memo *object = &walk->object[walk->current];
	struct rcgo_cfi_area area = area_of(&object->module);
	uintptr_t pc = rcgo__place_lookup(&walk->at);

	if (!object->module.pinned || object->module.eh_frame_hdr == NULL) {
		return RCGO_RULE_NONE;
	}
	if (walk->quick_of != walk->current) {
		walk->quick_of = walk->current;
		rcgo__cfi_quick_forget(walk->quick);
	}
	if (!rcgo__cfi_quick_code(&area, walk->at.pc, walk->quick)) {
		return RCGO_RULE_NONE;
	}
	return rcgo__cfi_quick(&area, (uintptr_t)object->module.eh_frame_hdr,
		object->module.eh_frame_hdr_size, pc, walk->quick);
}

// What has no sorted table: .eh_frame of static programs, or a copy of .debug_frame, which stays.
static bool
debug_fde(const struct rcgo_module *module, const struct rcgo_debug_frame *found,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	struct rcgo_cfi_area area = {
		.start = found->start,
		.end = found->end,
		.pinned = true,
		.debug_frame = found->loaded ? 0 : found->start,
		.bias = found->loaded ? 0 : module->bias,
	};

	return rcgo__cfi_parse(&area, found->fde, fde, copy);
}

bool
rcgo__walk_debug(const struct rcgo_walk *walk, uintptr_t pc, struct rcgo_debug_frame *found)
{
	return rcgo__debug_frame_find(&walk->object[walk->current].module, pc, found);
}

bool
rcgo__walk_fde(const struct rcgo_walk *walk, uintptr_t pc, const struct rcgo_debug_frame *found,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	const struct rcgo_module *module = &walk->object[walk->current].module;
	struct rcgo_cfi_area area = area_of(module);

	if (found != NULL) {
		return debug_fde(module, found, fde, copy) &&
		       pc - fde->start < fde->end - fde->start;
	}
	return module->eh_frame_hdr != NULL &&
	       rcgo__cfi_find(&area, (uintptr_t)module->eh_frame_hdr, module->eh_frame_hdr_size, pc,
		       fde, copy);
}

RCGO_RAW_READS bool
rcgo__walk_is_sigreturn(const struct rcgo_walk *walk, uintptr_t pc)
{
	struct rcgo_cfi_area area = area_of(&walk->object[walk->current].module);
	uint8_t buf[RCGO_SIGRETURN_SIZE], own[RCGO_SIGRETURN_SIZE];
	const uint8_t *code = rcgo__cfi_view(&area, pc, sizeof buf, buf, sizeof buf);

	if (code == NULL) {
		return false;
	}
	// Not by memcpy, which the sanitizers watch.
	for (unsigned i = 0; i < sizeof own; i++) {
		own[i] = code[i];
		__asm__("" ::: "memory");
	}
	return rcgo__arch_is_sigreturn(own);
}
