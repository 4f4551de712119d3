// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the stacks of allocations, C and Go, each stored once. Runs wherever C code
// allocates, in signal handlers too.

#include <string.h>

#include "heap_record.h"
#include "module.h"
#include "unwinder.h"

// Identifies the objects that contain the C frames, because another object may be loaded at these
// addresses later. Not inlined, because the unwinder needs the stack of its caller.
__attribute__((noinline)) static uint64_t
objects_of(const struct rcgo_heap_frames *frames)
{
	struct rcgo_module module = {0};
	uint64_t objects = 0;

	for (size_t i = 0; i < frames->c; i++) {
		objects = (objects ^ rcgo__heap_module_key(&module, frames->pc[i])) * RCGO_HEAP_MIX;
	}
	return objects;
}

void
rcgo__heap_frames(struct rcgo_heap_frames *frames, uintptr_t caller)
{
	struct rcgo_stack_bounds stack;
	struct rcgo_unwind_end end;
	size_t n = rcgo__unwind_here_end(
		rcgo__heap_own_stack(&stack) ? &stack : NULL, frames->pc, RCGO_HEAP_C_FRAMES, &end);
	size_t own = 0;

	// The first frames are ours.
	while (own < n && frames->pc[own] != caller - 1) {
		own++;
	}
	if (own < n) {
		n -= own;
		memmove(frames->pc, frames->pc + own, n * sizeof *frames->pc);
	}
	frames->c = (uint16_t)n;
	frames->objects = objects_of(frames);
	frames->from_go = rcgo__heap_in_go(end.pc) || (end.boundary && rcgo__heap_find_go(end.pc));
	frames->go = (uint16_t)rcgo__heap_go_frames(
		&end, frames->pc + n, RCGO_HEAP_GO_FRAMES, &frames->goroutine);
}

static uint64_t
hash_of(const struct rcgo_heap_frames *frames)
{
	uint64_t hash = frames->objects ^ (frames->c * 65536u + frames->go * 4u + frames->kind);

	for (size_t i = 0; i < (size_t)frames->c + frames->go; i++) {
		hash = (hash ^ frames->pc[i]) * RCGO_HEAP_MIX;
		hash ^= hash >> 29;
	}
	return hash;
}

static bool
is_same(const struct rcgo_heap_control *control, const struct rcgo_heap_stack *stack,
	const struct rcgo_heap_frames *frames, uint64_t hash)
{
	return stack->hash == hash && stack->c == frames->c && stack->go == frames->go &&
	       stack->kind == frames->kind &&
	       memcmp(rcgo__heap_words(control) + stack->at, frames->pc,
		       ((size_t)frames->c + frames->go) * sizeof *frames->pc) == 0;
}

// Returns a position in the hash table of this size.
static uint32_t *
position(struct rcgo_heap_control *control, uint32_t size, uint64_t at)
{
	return &control->stack_hash[(size | at % size) - RCGO_HEAP_STACK_HASH_FIRST];
}

// Returns the position of a stack in the hash table, or the first free position after its hash. The
// table is never full.
static uint32_t *
place_of(struct rcgo_heap_control *control, const struct rcgo_heap_frames *frames, uint64_t hash,
	uint32_t *stack)
{
	const struct rcgo_heap_stack *stacks = rcgo__heap_stacks(control);
	uint32_t size = rcgo_load_acq(&control->stack_hash_size);
	uint64_t at = hash;
	uint32_t *place;

	do {
		place = position(control, size, at++);
		*stack = rcgo_load_acq(place);
	} while (*stack != 0 && !is_same(control, &stacks[*stack - 1], frames, hash));
	return place;
}

// Makes the hash table larger before more than half of it is in use. The lock is held. A search
// without the lock goes on in the old table.
static void
grow(struct rcgo_heap_control *control)
{
	uint32_t size = control->stack_hash_size, larger = size * RCGO_HEAP_STACK_HASH_GROWTH;
	const struct rcgo_heap_stack *stacks = rcgo__heap_stacks(control);
	uint64_t used = control->header->stacks_used;

	if (size == RCGO_HEAP_STACK_HASH_LAST || used < size / 2) {
		return;
	}
	for (uint64_t number = 1; number < used; number++) {
		uint64_t at = stacks[number].hash;

		while (*position(control, larger, at) != 0) {
			at++;
		}
		*position(control, larger, at) = (uint32_t)number + 1;
	}
	rcgo_store_rel(&control->stack_hash_size, larger);
}

// Adds a stack. The lock is held. Returns its number + 1. If there is no room,
// returns 1, for stack 0.
static uint32_t
add_stack(struct rcgo_heap_control *control, const struct rcgo_heap_frames *frames, uint64_t hash,
	uint32_t *place, uint16_t modules)
{
	struct rcgo_heap_header *header = control->header;
	size_t n = (size_t)frames->c + frames->go;
	uint64_t number = header->stacks_used, at = header->words_used;
	struct rcgo_heap_stack *stack = &rcgo__heap_stacks(control)[number];

	if (number == RCGO_HEAP_STACKS || at + n > RCGO_HEAP_WORDS ||
		!rcgo__heap_has_room(control, stack, sizeof *stack) ||
		!rcgo__heap_has_room(
			control, &rcgo__heap_words(control)[at], n * sizeof(uint64_t))) {
		rcgo_add_rlx(&header->lost_stacks, 1);
		return 1;
	}
	for (size_t i = 0; i < n; i++) {
		rcgo__heap_words(control)[at + i] = frames->pc[i];
	}
	stack->hash = hash;
	stack->at = at;
	stack->c = frames->c;
	stack->go = frames->go;
	stack->kind = frames->kind;
	stack->modules = modules;
	rcgo_store_rel(&header->words_used, at + n);
	rcgo_store_rel(&header->stacks_used, number + 1);
	rcgo_store_rel(place, (uint32_t)number + 1);
	grow(control);
	return (uint32_t)number + 1;
}

uint32_t
rcgo__heap_intern(struct rcgo_heap_control *control, const struct rcgo_heap_frames *frames)
{
	uint64_t hash = hash_of(frames);
	uint32_t stack;
	uint16_t modules;
	uint32_t *place;

	place_of(control, frames, hash, &stack);
	if (stack != 0) {
		return stack - 1;
	}
	modules = rcgo__heap_modules_note(control, frames->pc, frames->c);
	if (!rcgo__heap_lock(&control->stack_lock)) {
		rcgo_add_rlx(&control->header->lost_stacks, 1);
		return 0;
	}
	place = place_of(control, frames, hash, &stack);
	if (stack == 0) {
		stack = add_stack(control, frames, hash, place, modules);
	}
	rcgo__heap_unlock(&control->stack_lock);
	return stack - 1;
}
