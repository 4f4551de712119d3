// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the anonymous mappings of C code, such as those of an allocator inside a library.
// All are recorded, in a sorted array. Runs on any stack where C code calls mmap.

#include <string.h>

#include "heap_record.h"

static struct rcgo_heap_mapping *
mappings(const struct rcgo_heap_control *control)
{
	return (struct rcgo_heap_mapping *)(void *)((char *)control->header +
						    control->header->mappings);
}

// Returns the index of the first mapping that ends above address. The lock is held.
static uint64_t
first_above(const struct rcgo_heap_control *control, uint64_t address)
{
	const struct rcgo_heap_mapping *mapping = mappings(control);
	uint64_t lo = 0, hi = control->header->mappings_used;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (mapping[mid].start + mapping[mid].size > address) {
			hi = mid;
		} else {
			lo = mid + 1;
		}
	}
	return lo;
}

// Puts a mapping at index at. The lock is held.
static void
put(struct rcgo_heap_control *control, uint64_t at, const struct rcgo_heap_mapping *new)
{
	struct rcgo_heap_header *header = control->header;
	struct rcgo_heap_mapping *mapping = mappings(control);

	if (header->mappings_used == RCGO_HEAP_MAPPINGS) {
		rcgo_add_rlx(&header->lost_mappings, 1);
		return;
	}
	memmove(&mapping[at + 1], &mapping[at], (header->mappings_used - at) * sizeof *mapping);
	mapping[at] = *new;
	rcgo_store_rel(&header->mappings_used, header->mappings_used + 1);
	rcgo_add_rlx(&header->mapped_bytes, new->size);
}

static void
take_away(struct rcgo_heap_control *control, uint64_t at)
{
	struct rcgo_heap_header *header = control->header;
	struct rcgo_heap_mapping *mapping = mappings(control);

	rcgo_add_rlx(&header->mapped_bytes, -mapping[at].size);
	rcgo_store_rel(&header->mappings_used, header->mappings_used - 1);
	memmove(&mapping[at], &mapping[at + 1], (header->mappings_used - at) * sizeof *mapping);
}

// Removes a range, of which mappings may keep a part before and one behind. Mappings newer than seq
// stay. Returns whether any of the range was recorded. The lock is held.
static bool
remove_range(struct rcgo_heap_control *control, uint64_t start, uint64_t end, uint64_t seq)
{
	uint64_t at = first_above(control, start);
	bool any = false;

	while (at < control->header->mappings_used && mappings(control)[at].start < end) {
		struct rcgo_heap_mapping was = mappings(control)[at], part = was;
		uint64_t was_end = was.start + was.size;

		if (was.seq > seq) {
			at++;
			continue;
		}
		take_away(control, at);
		if (was.start < start) {
			part.size = start - was.start;
			put(control, at++, &part);
		}
		if (was_end > end) {
			part.start = end;
			part.size = was_end - end;
			put(control, at++, &part);
		}
		any = true;
	}
	return any;
}

// Makes the calling thread's slot busy. Returns NULL if it is already.
static struct rcgo_heap_slot *
enter(struct rcgo_heap_control *control)
{
	struct rcgo_heap_slot *slot = rcgo__heap_slot(control, rcgo_load_rlx(&control->track));

	return __atomic_exchange_n(&slot->busy, 1, __ATOMIC_ACQUIRE) == 0 ? slot : NULL;
}

void
rcgo__heap_map(void *p, size_t size, uintptr_t caller)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	struct rcgo_heap_mapping new = {.start = (uint64_t)(uintptr_t)p, .size = size};
	struct rcgo_heap_frames frames = {.kind = RCGO_HEAP_MMAP};
	struct rcgo_heap_stack *stack;
	struct rcgo_heap_slot *slot;

	if (rcgo_load_rlx(&control->on) == 0 || rcgo__heap_is_child(control)) {
		return;
	}
	slot = enter(control);
	if (slot == NULL) {
		rcgo_add_rlx(&control->header->lost_mappings, 1);
		return;
	}
	rcgo__heap_frames(&frames, caller);
	// Go maps its own heap by a C function that it calls on the system stack.
	if (frames.from_go && frames.go == 0 && frames.c <= 2) {
		rcgo_store_rel(&slot->busy, 0);
		return;
	}
	new.stack = rcgo__heap_intern(control, &frames);
	new.seq = rcgo_add_rlx(&control->header->seq, 1) + 1;
	if (rcgo__heap_lock(&control->mapping_lock)) {
		remove_range(control, new.start, new.start + size, UINT64_MAX);
		put(control, first_above(control, new.start), &new);
		rcgo__heap_unlock(&control->mapping_lock);
		stack = &rcgo__heap_stacks(control)[new.stack];
		rcgo_add_rlx(&stack->objects, RCGO_HEAP_ONE);
		rcgo_add_rlx(&stack->bytes, size);
		rcgo_add_rlx(&control->header->mapped_total, size);
	} else {
		rcgo_add_rlx(&control->header->lost_mappings, 1);
	}
	rcgo_store_rel(&slot->busy, 0);
}

bool
rcgo__heap_unmap_until(
	struct rcgo_heap_control *control, uint64_t start, uint64_t size, uint64_t seq)
{
	bool any;

	if (!rcgo__heap_lock(&control->mapping_lock)) {
		rcgo_add_rlx(&control->header->lost_frees, 1);
		return false;
	}
	any = remove_range(control, start, start + size, seq);
	rcgo__heap_unlock(&control->mapping_lock);
	return any;
}

bool
rcgo__heap_unmap(void *p, size_t size)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	uint64_t start = (uint64_t)(uintptr_t)p;
	struct rcgo_heap_slot *slot;
	bool any;

	if (rcgo_load_rlx(&control->track) == 0 || start + size <= start ||
		rcgo__heap_is_child(control) ||
		rcgo_load_rlx(&control->header->mappings_used) == 0) {
		return false;
	}
	slot = enter(control);
	if (slot == NULL) {
		rcgo__heap_pend(control, start, size);
		return false;
	}
	any = rcgo__heap_unmap_until(control, start, size, UINT64_MAX);
	rcgo_store_rel(&slot->busy, 0);
	return any;
}

// What is freed while its thread records waits here for that thread.

void
rcgo__heap_pend(struct rcgo_heap_control *control, uint64_t address, uint64_t size)
{
	uint64_t seq = rcgo_load_rlx(&control->header->seq);

	for (size_t i = 0; i < RCGO_HEAP_PENDING; i++) {
		struct rcgo_heap_pending *item = &control->pending[i];
		uint64_t none = 0;

		// 1 is no block's address: the item is being written.
		if (rcgo_load_rlx(&item->address) == 0 && rcgo_cas(&item->address, &none, 1)) {
			item->seq = seq;
			item->size = size;
			rcgo_store_rel(&item->address, address);
			rcgo_add_rlx(&control->pending_used, 1);
			return;
		}
	}
	rcgo_add_rlx(&control->header->lost_frees, 1);
}
