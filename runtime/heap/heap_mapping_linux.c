// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the anonymous mappings of C code, such as those of an allocator inside a library.
// All are recorded, in a sorted array. Runs on any stack where C code calls mmap.
//
// Memory without access rights is only reserved. It is in the array, but is not counted until mmap
// or mprotect makes it usable. From then on it is counted until it is unmapped or mapped again.
//
// Memory that Go and its runtime/cgo map is in the array, so that rcgo heap show can tell it from
// C memory. It is not counted either.

#include <string.h>

#include "heap_record.h"

// The kernel maps whole pages.
static uint64_t
round_up(uint64_t n)
{
	uint64_t page = rcgo__heap_page();

	return (n + page - 1) & ~(page - 1);
}

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

size_t
rcgo__heap_mappings_above(const struct rcgo_heap_control *control, uint64_t address,
	struct rcgo_heap_mapping *out, size_t max)
{
	uint64_t at = first_above(control, address), n = control->header->mappings_used - at;

	n = n < max ? n : max;
	memcpy(out, mappings(control) + at, n * sizeof *out);
	return n;
}

static void
count_mapping(struct rcgo_heap_control *control, const struct rcgo_heap_mapping *mapping, bool more)
{
	uint64_t sign = more ? 1 : UINT64_MAX;

	if (mapping->state == RCGO_HEAP_RESERVED) {
		rcgo_add_rlx(&control->reserved, (uint32_t)sign);
	} else if (rcgo_heap_counts(mapping->state)) {
		rcgo_add_rlx(&control->header->mapped_bytes, sign * mapping->size);
	}
}

// Inserts a mapping at index at. The lock is held.
static void
put(struct rcgo_heap_control *control, uint64_t at, const struct rcgo_heap_mapping *new)
{
	struct rcgo_heap_header *header = control->header;
	struct rcgo_heap_mapping *mapping = mappings(control);

	if (header->mappings_used == RCGO_HEAP_MAPPINGS ||
		!rcgo__heap_has_room(control, &mapping[header->mappings_used], sizeof *mapping)) {
		rcgo_add_rlx(&header->lost_mappings, 1);
		return;
	}
	memmove(&mapping[at + 1], &mapping[at], (header->mappings_used - at) * sizeof *mapping);
	mapping[at] = *new;
	rcgo_store_rel(&header->mappings_used, header->mappings_used + 1);
	count_mapping(control, new, true);
}

static void
take_away(struct rcgo_heap_control *control, uint64_t at)
{
	struct rcgo_heap_header *header = control->header;
	struct rcgo_heap_mapping *mapping = mappings(control);

	count_mapping(control, &mapping[at], false);
	rcgo_store_rel(&header->mappings_used, header->mappings_used - 1);
	memmove(&mapping[at], &mapping[at + 1], (header->mappings_used - at) * sizeof *mapping);
}

// Removes a range. A mapping that is larger keeps the parts before and after it. Mappings newer
// than seq stay. Returns whether any of the range was recorded as usable C memory. The lock is
// held.
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
		any |= rcgo_heap_counts(was.state);
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

static void
count_mapped_total(
	struct rcgo_heap_control *control, uint32_t number, uint64_t objects, uint64_t size)
{
	struct rcgo_heap_stack *stack = &rcgo__heap_stacks(control)[number];

	rcgo_add_rlx(&stack->objects, objects * RCGO_HEAP_ONE);
	rcgo_add_rlx(&stack->bytes, size);
	rcgo_add_rlx(&control->header->mapped_total, size);
}

// Records the stack of a mapping. Returns false for memory of Go's own heap: Go maps it by a C
// function that it calls on the system stack.
static bool
take_stack(struct rcgo_heap_control *control, uintptr_t caller, uint32_t *stack)
{
	struct rcgo_heap_frames frames = {.kind = RCGO_HEAP_MMAP};

	rcgo__heap_frames(&frames, caller);
	if (frames.from_go && frames.go == 0 && frames.c <= 2) {
		return false;
	}
	*stack = rcgo__heap_intern(control, &frames);
	return true;
}

static void
lose_mapping(struct rcgo_heap_control *control)
{
	rcgo_add_rlx(&control->header->lost_mappings, 1);
}

// Joins memory of Go with its neighbours in the array, because Go maps its heap piece by piece. at
// is the index of the first mapping above it. Returns false if there is no such neighbour. The lock
// is held.
static bool
join_own(struct rcgo_heap_control *control, uint64_t at, const struct rcgo_heap_mapping *new)
{
	struct rcgo_heap_mapping *before = &mappings(control)[at == 0 ? 0 : at - 1];
	struct rcgo_heap_mapping *after = &mappings(control)[at];
	bool has_before = at > 0 && before->state == RCGO_HEAP_OWN &&
			  before->start + before->size == new->start;
	bool has_after = at < control->header->mappings_used && after->state == RCGO_HEAP_OWN &&
			 new->start + new->size == after->start;

	if (has_before) {
		before->size += new->size + (has_after ? after->size : 0);
		before->seq = new->seq;
		if (has_after) {
			take_away(control, at);
		}
	} else if (has_after) {
		after->start = new->start;
		after->size += new->size;
		after->seq = new->seq;
	}
	return has_before || has_after;
}

// Replaces what the array has of this range. The slot is busy. Returns false if it cannot.
static bool
insert_mapping(struct rcgo_heap_control *control, struct rcgo_heap_mapping *new)
{
	uint64_t at;

	new->seq = rcgo_add_rlx(&control->header->seq, 1) + 1;
	if (!rcgo__heap_lock(&control->mapping_lock)) {
		lose_mapping(control);
		return false;
	}
	remove_range(control, new->start, new->start + new->size, UINT64_MAX);
	at = first_above(control, new->start);
	if (new->state != RCGO_HEAP_OWN || !join_own(control, at, new)) {
		put(control, at, new);
	}
	rcgo__heap_unlock(&control->mapping_lock);
	return true;
}

void
rcgo__heap_map(void *p, size_t size, enum rcgo_heap_state state, uintptr_t caller)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	struct rcgo_heap_mapping new = {
		.start = (uint64_t)(uintptr_t)p, .size = round_up(size), .state = state};
	struct rcgo_heap_slot *slot;

	if (rcgo_load_rlx(&control->on) == 0 || rcgo__heap_is_child(control)) {
		return;
	}
	slot = enter(control);
	if (slot == NULL) {
		lose_mapping(control);
		return;
	}
	if (state == RCGO_HEAP_USABLE && !take_stack(control, caller, &new.stack)) {
		new.state = RCGO_HEAP_OWN;
	}
	if (insert_mapping(control, &new) && new.state == RCGO_HEAP_USABLE) {
		count_mapped_total(control, new.stack, 1, new.size);
	}
	rcgo_store_rel(&slot->busy, 0);
}

void
rcgo__heap_map_own(void *p, size_t size)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	struct rcgo_heap_mapping new = {
		.start = (uint64_t)(uintptr_t)p, .size = round_up(size), .state = RCGO_HEAP_OWN};
	struct rcgo_heap_slot *slot;

	if (rcgo_load_rlx(&control->on) == 0 || rcgo__heap_is_child(control)) {
		return;
	}
	slot = enter(control);
	if (slot != NULL) {
		insert_mapping(control, &new);
		rcgo_store_rel(&slot->busy, 0);
	}
}

// Extends the mapping before index at, if calls of mprotect from the same stack have made both
// usable. Otherwise an allocator that makes a reservation usable page by page would fill the array.
static bool
extend(struct rcgo_heap_control *control, uint64_t at, const struct rcgo_heap_mapping *new)
{
	struct rcgo_heap_mapping *before = &mappings(control)[at == 0 ? 0 : at - 1];

	if (at == 0 || before->start + before->size != new->start || before->stack != new->stack ||
		before->state != RCGO_HEAP_COMMITTED) {
		return false;
	}
	before->size += new->size;
	before->seq = new->seq;
	count_mapping(control, new, true);
	return true;
}

// Makes the reserved memory of a range usable. Returns its size. The lock is held.
static uint64_t
commit_range(struct rcgo_heap_control *control, const struct rcgo_heap_mapping *range)
{
	uint64_t start = range->start, end = start + range->size, sum = 0;

	while (start < end) {
		uint64_t at = first_above(control, start), was_end;
		struct rcgo_heap_mapping was, part = *range;

		if (at == control->header->mappings_used || mappings(control)[at].start >= end) {
			break;
		}
		was = mappings(control)[at];
		was_end = was.start + was.size;
		if (was.state == RCGO_HEAP_RESERVED) {
			part.start = was.start > start ? was.start : start;
			part.size = (was_end < end ? was_end : end) - part.start;
			remove_range(control, part.start, part.start + part.size, UINT64_MAX);
			at = first_above(control, part.start);
			if (!extend(control, at, &part)) {
				put(control, at, &part);
			}
			sum += part.size;
		}
		start = was_end;
	}
	return sum;
}

void
rcgo__heap_commit(void *p, size_t size, uintptr_t caller)
{
	struct rcgo_heap_control *control = rcgo_load_acq(&rcgo__heap_control);
	struct rcgo_heap_mapping range = {.start = (uint64_t)(uintptr_t)p,
		.size = round_up(size),
		.state = RCGO_HEAP_COMMITTED};
	struct rcgo_heap_slot *slot;
	uint64_t sum = 0;

	if (rcgo_load_rlx(&control->on) == 0 || rcgo__heap_is_child(control) ||
		rcgo_load_rlx(&control->reserved) == 0) {
		return;
	}
	slot = enter(control);
	if (slot == NULL) {
		lose_mapping(control);
		return;
	}
	if (take_stack(control, caller, &range.stack)) {
		range.seq = rcgo_add_rlx(&control->header->seq, 1) + 1;
		if (rcgo__heap_lock(&control->mapping_lock)) {
			sum = commit_range(control, &range);
			rcgo__heap_unlock(&control->mapping_lock);
		} else {
			lose_mapping(control);
		}
		if (sum != 0) {
			count_mapped_total(control, range.stack, 1, sum);
		}
	}
	rcgo_store_rel(&slot->busy, 0);
}

bool
rcgo__heap_unmap_until(
	struct rcgo_heap_control *control, uint64_t start, uint64_t size, uint64_t seq)
{
	bool any;

	if (!rcgo__heap_lock(&control->mapping_lock)) {
		rcgo__heap_pend(control, start, size, seq);
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
	uint64_t start = (uint64_t)(uintptr_t)p, whole = round_up(size);
	struct rcgo_heap_slot *slot;
	bool any;

	if (rcgo_load_rlx(&control->track) == 0 || start + whole <= start ||
		rcgo__heap_is_child(control) ||
		rcgo_load_rlx(&control->header->mappings_used) == 0) {
		return false;
	}
	slot = enter(control);
	if (slot == NULL) {
		rcgo__heap_pend(control, start, whole, UINT64_MAX);
		return false;
	}
	any = rcgo__heap_unmap_until(control, start, whole, UINT64_MAX);
	rcgo_store_rel(&slot->busy, 0);
	return any;
}

// Frees that could not be recorded at once: the thread was recording already, or a lock was held
// for too long.

void
rcgo__heap_pend(struct rcgo_heap_control *control, uint64_t address, uint64_t size, uint64_t until)
{
	uint64_t now = rcgo_load_rlx(&control->header->seq), seq = until < now ? until : now;

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
