// SPDX-License-Identifier: BSD-3-Clause
// Reads memory for the unwinder. Safe in signal handlers, on any stack.

#include "stack_reader.h"

// The assumed maximum size of a frame on a stack with unknown bounds.
#define FRAME_MAX ((uintptr_t)64 << 20)

// Extends a range by a readable page; replaces the range if they are not adjacent.
static void
add_page(struct rcgo_readable_range *range, uintptr_t page)
{
	uintptr_t hi = range->size == 0 ? range->lo : range->lo + range->size + RCGO_WORD_SIZE - 1;

	if (page == hi) {
		hi += RCGO_NOFAULT_PAGE;
	} else if (page + RCGO_NOFAULT_PAGE == range->lo && range->size != 0) {
		range->lo = page;
	} else {
		range->lo = page;
		hi = page + RCGO_NOFAULT_PAGE;
	}
	range->size = hi - range->lo - RCGO_WORD_SIZE + 1;
}

bool
rcgo__stack_reader_probe(struct rcgo_stack_reader *reader, uintptr_t address)
{
	uintptr_t page = address & ~(uintptr_t)(RCGO_NOFAULT_PAGE - 1);
	bool on_stack = !reader->bounded && address - reader->stack.lo < FRAME_MAX;
	struct rcgo_readable_range *range = on_stack ? &reader->stack : &reader->other;

	if (address - range->lo < range->size) {
		return true;
	}
	if (address > UINTPTR_MAX - 2 * RCGO_NOFAULT_PAGE ||
		!rcgo__readable_nofault((const void *)page, RCGO_NOFAULT_PAGE)) {
		return false;
	}
	add_page(range, page);
	if (address - range->lo < range->size) {
		return true;
	}
	// The word extends into the next page.
	page += RCGO_NOFAULT_PAGE;
	if (!rcgo__readable_nofault((const void *)page, RCGO_NOFAULT_PAGE)) {
		return false;
	}
	add_page(range, page);
	return address - range->lo < range->size;
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__stack_reader_bytes(
	struct rcgo_stack_reader *reader, uintptr_t address, void *value, size_t size)
{
	uintptr_t first, last;

	if (size == 0 || size > RCGO_WORD_SIZE || address > UINTPTR_MAX - size) {
		return false;
	}
	// Both aligned words are within one page.
	first = address & ~(uintptr_t)(RCGO_WORD_SIZE - 1);
	last = (address + size - 1) & ~(uintptr_t)(RCGO_WORD_SIZE - 1);
	if (!rcgo__stack_reader_word(reader, first, &first) ||
		!rcgo__stack_reader_word(reader, last, &last)) {
		return false;
	}
	for (size_t i = 0; i < size; i++) {
		((uint8_t *)value)[i] = ((const uint8_t *)address)[i];
	}
	return true;
}
