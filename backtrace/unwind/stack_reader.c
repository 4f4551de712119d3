// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: memory that a walk reads. Runs anywhere.

#include "stack_reader.h"

#include "unwinder.h"

// A frame is not larger, when nobody knows where its stack ends.
#define FRAME_MAX ((uintptr_t)64 << 20)

// owner: whoever starts Go, once; lock: none; ordering: release and acquire
static rcgo_stack_bounds_fn stack_bounds;

void
rcgo__unwind_set_bounds(rcgo_stack_bounds_fn fn)
{
	rcgo_store_rel(&stack_bounds, fn);
}

// Indirect: the function given to rcgo__unwind_set_bounds, which is AS-Safe.
void
rcgo__stack_reader_set(struct rcgo_stack_reader *memory, uintptr_t sp)
{
	rcgo_stack_bounds_fn fn = rcgo_load_acq(&stack_bounds);
	uintptr_t lo = 0;
	uintptr_t hi = 0;

	memory->other = (struct rcgo_readable_range){.lo = 0, .room = 0};
	memory->bounded =
		fn != NULL && fn(sp, &lo, &hi) && lo <= sp && sp <= hi && hi - lo >= RCGO_WORD_SIZE;
	if (memory->bounded) {
		memory->stack.lo = lo;
		memory->stack.room = hi - lo - RCGO_WORD_SIZE + 1;
	} else {
		memory->stack.lo = sp & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);
		memory->stack.room = 0;
	}
}

// Adds a page that can be read to a window, which it replaces where they do not meet.
static void
add_page(struct rcgo_readable_range *window, uintptr_t page)
{
	uintptr_t hi =
		window->room == 0 ? window->lo : window->lo + window->room + RCGO_WORD_SIZE - 1;

	if (page == hi) {
		hi += RCGO_NOFAULT_PAGE;
	} else if (page + RCGO_NOFAULT_PAGE == window->lo && window->room != 0) {
		window->lo = page;
	} else {
		window->lo = page;
		hi = page + RCGO_NOFAULT_PAGE;
	}
	window->room = hi - window->lo - RCGO_WORD_SIZE + 1;
}

bool
rcgo__stack_reader_probe(struct rcgo_stack_reader *memory, uintptr_t address)
{
	uintptr_t page = address & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);
	bool on_stack = !memory->bounded && address - memory->stack.lo < FRAME_MAX;
	struct rcgo_readable_range *window = on_stack ? &memory->stack : &memory->other;

	if (address - window->lo < window->room) {
		return true;
	}
	if (address > UINTPTR_MAX - 2 * RCGO_NOFAULT_PAGE ||
		!rcgo__readable_nofault((const void *)page, RCGO_NOFAULT_PAGE)) {
		return false;
	}
	add_page(window, page);
	if (address - window->lo < window->room) {
		return true;
	}
	// The word goes on in the next page.
	page += RCGO_NOFAULT_PAGE;
	if (!rcgo__readable_nofault((const void *)page, RCGO_NOFAULT_PAGE)) {
		return false;
	}
	add_page(window, page);
	return address - window->lo < window->room;
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__stack_reader_bytes(
	struct rcgo_stack_reader *memory, uintptr_t address, void *value, size_t size)
{
	uintptr_t first, last;

	if (size == 0 || size > RCGO_WORD_SIZE || address > UINTPTR_MAX - size) {
		return false;
	}
	// Each in a word that does not go over the end of a page.
	first = address & ~(uintptr_t)(RCGO_WORD_SIZE - 1);
	last = (address + size - 1) & ~(uintptr_t)(RCGO_WORD_SIZE - 1);
	if (!rcgo__stack_reader_word(memory, first, &first) ||
		!rcgo__stack_reader_word(memory, last, &last)) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)value)[i] = ((const uint8_t *)address)[i];
	}
	return true;
}
