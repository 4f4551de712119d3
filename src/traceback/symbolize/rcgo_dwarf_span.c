// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: address ranges, sorted and searched. Runs on any stack.

#include "rcgo_dwarf_span.h"

#include <string.h>

static bool
span_before(const struct rcgo_span *a, const struct rcgo_span *b)
{
	if (a->low != b->low) {
		return a->low < b->low;
	}
	if (a->high != b->high) {
		return a->high > b->high;
	}
	return a->value < b->value;
}

// Merges [from, middle) and [middle, to), which are sorted.
static void
span_merge(struct rcgo_span *spans, size_t from, size_t middle, size_t to, struct rcgo_span *spare)
{
	size_t left = 0, right = middle, out = from;
	size_t count = middle - from;

	// Compilers write most ranges in order.
	if (!span_before(&spans[middle], &spans[middle - 1])) {
		return;
	}
	memcpy(spare, spans + from, count * sizeof *spare);
	while (left < count && right < to) {
		spans[out++] =
			span_before(&spans[right], &spare[left]) ? spans[right++] : spare[left++];
	}
	memcpy(spans + out, spare + left, (count - left) * sizeof *spare);
}

static void
span_link(struct rcgo_span *spans, uint32_t count)
{
	uint32_t open = RCGO_SPAN_NONE; // the innermost that has not ended

	for (uint32_t i = 0; i < count; i++) {
		while (open != RCGO_SPAN_NONE && spans[open].high <= spans[i].low) {
			open = spans[open].up;
		}
		spans[i].up = open;
		open = i;
	}
}

bool
rcgo__spans_sort(struct rcgo_span *spans, uint32_t count, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rcgo_span *spare = rcgo__arena_alloc(scratch, count * sizeof *spare);

	if (spare == NULL) {
		return false;
	}
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t from = 0; from + width < count; from += 2 * width) {
			size_t to = from + 2 * width;

			span_merge(spans, from, from + width, to < count ? to : count, spare);
		}
	}
	span_link(spans, count);
	rcgo__arena_release(scratch, mark);
	return true;
}

uint32_t
rcgo__spans_outward(const struct rcgo_span *spans, uint32_t at, uint64_t address)
{
	for (at = spans[at].up; at != RCGO_SPAN_NONE; at = spans[at].up) {
		if (address < spans[at].high) {
			return at;
		}
	}
	return RCGO_SPAN_NONE;
}

uint32_t
rcgo__spans_find(const struct rcgo_span *spans, uint32_t count, uint64_t address)
{
	uint32_t low = 0, high = count;

	// The last that begins at address or before.
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (spans[middle].low <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return RCGO_SPAN_NONE;
	}
	return address < spans[low - 1].high ? low - 1
					     : rcgo__spans_outward(spans, low - 1, address);
}
