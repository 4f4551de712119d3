// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: which unit holds an address: by .debug_aranges for the first question, and
// by the ranges of all units for the next ones. Runs on any stack.

#include "rcgo_dwarf_debug.h"

#include <string.h>

// Ranges of an object; more than that are left out.
#define INDEX_MAX (UINT32_C(1) << 22)

// A set of ranges in .debug_aranges.
struct index_set {
	struct rcgo_reader c;
	uint64_t unit;
	unsigned size; // of an address
};

static bool
index_next_set(struct rcgo_dwarf *dwarf, struct rcgo_reader *c, struct index_set *set)
{
	const uint8_t *from = c->at;
	uint8_t offset_size;
	uint64_t length = rcgo__reader_length(c, &offset_size);
	struct rcgo_reader part = rcgo__reader_part(c, length);
	uint64_t segment;

	rcgo__reader_skip(&part, 2); // version
	set->unit = rcgo__reader_word(&part, offset_size);
	set->size = (unsigned)rcgo__reader_word(&part, 1);
	segment = rcgo__reader_word(&part, 1);
	if (c->bad || !rcgo__dwarf_charge(dwarf, 1)) {
		return false;
	}
	if ((set->size != 4 && set->size != 8) || segment != 0) {
		part.at = part.end;
	} else {
		uint64_t head = (uint64_t)(part.at - from);

		// Pairs are aligned by their own size, counted from the header.
		rcgo__reader_skip(
			&part, (2 * set->size - head % (2 * set->size)) % (2 * set->size));
	}
	set->c = part;
	return true;
}

static bool
index_next_pair(struct rcgo_dwarf *dwarf, struct index_set *set, uint64_t *low, uint64_t *length)
{
	while (rcgo__reader_left(&set->c) >= 2 * set->size && rcgo__dwarf_charge(dwarf, 1)) {
		*low = rcgo__reader_word(&set->c, set->size);
		*length = rcgo__reader_word(&set->c, set->size);
		if (*low != 0 && *length != 0 && *low + *length > *low) {
			return true;
		}
	}
	return false;
}

bool
rcgo__debug_aranges(struct rcgo_debug *debug, uint64_t address, uint64_t *unit)
{
	struct rcgo_dwarf *dwarf = &debug->main;
	struct rcgo_reader c =
		rcgo__reader_make(rcgo__dwarf_section(dwarf, RCGO_DW_ARANGES), dwarf->big);
	struct index_set set = {0};
	uint64_t low, length;

	while (rcgo__reader_left(&c) > 0 && index_next_set(dwarf, &c, &set)) {
		while (index_next_pair(dwarf, &set, &low, &length)) {
			if (address - low < length) {
				*unit = set.unit;
				return true;
			}
		}
	}
	return false;
}

struct index_build {
	struct rcgo_debug *debug;
	struct rcgo_span *spans;
	uint32_t count, room;
	uint8_t *complete; // of each unit, whether its root has a list of all its ranges
};

static void
index_add(struct index_build *b, uint64_t low, uint64_t high, uint32_t unit)
{
	if (b->count < b->room) {
		b->spans[b->count++] = (struct rcgo_span){.low = low, .high = high, .value = unit};
	}
}

static void
index_roots(struct index_build *b)
{
	struct rcgo_dwarf *dwarf = &b->debug->main;
	uint64_t low, high;

	for (uint32_t i = 0; i < dwarf->unit_count && rcgo__dwarf_charge(dwarf, 1); i++) {
		struct rcgo_unit unit;
		struct rcgo_ranges ranges;

		memset(&unit, 0, sizeof unit);
		if (!rcgo__unit_read(&unit, dwarf, dwarf->units[i], NULL)) {
			b->complete[i] = 1; // nothing to be found there
			continue;
		}
		b->complete[i] = unit.ranges.kind != RCGO_VALUE_NONE;
		ranges = rcgo__ranges_of(&unit, &unit.low, &unit.high, &unit.ranges);
		while (rcgo__ranges_next(&ranges, &low, &high)) {
			index_add(b, low, high, i);
		}
	}
}

// The number of the unit that begins at offset.
static bool
index_number(struct rcgo_dwarf *dwarf, uint64_t offset, uint32_t *number)
{
	size_t low = 0, high = dwarf->unit_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (dwarf->units[middle] < offset) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	*number = (uint32_t)low;
	return low < dwarf->unit_count && dwarf->units[low] == offset;
}

// Units whose root has no list: some assemblers say nothing there, and DWARF 2 can say one range
// alone.
static void
index_aranges(struct index_build *b)
{
	struct rcgo_dwarf *dwarf = &b->debug->main;
	struct rcgo_reader c =
		rcgo__reader_make(rcgo__dwarf_section(dwarf, RCGO_DW_ARANGES), dwarf->big);
	struct index_set set = {0};
	uint64_t low, length;
	uint32_t unit;

	while (rcgo__reader_left(&c) > 0 && index_next_set(dwarf, &c, &set)) {
		if (!index_number(dwarf, set.unit, &unit) || b->complete[unit] != 0) {
			continue;
		}
		while (index_next_pair(dwarf, &set, &low, &length)) {
			index_add(b, low, low + length, unit);
		}
	}
}

bool
rcgo__debug_index(struct rcgo_debug *debug)
{
	struct rcgo_dwarf_memory *memory = debug->main.memory;
	struct rcgo_arena *scratch = &memory->scratch;
	size_t mark = rcgo__arena_mark(scratch);
	struct index_build b = {.debug = debug, .room = INDEX_MAX};
	size_t size;

	if (debug->indexed) {
		return debug->index != NULL;
	}
	debug->indexed = true;
	if (!rcgo__dwarf_units(&debug->main) || debug->main.unit_count > UINT32_MAX) {
		return false;
	}
	b.complete = rcgo__arena_zalloc(scratch, debug->main.unit_count);
	while (b.spans == NULL && b.room > 64) {
		b.room /= 2;
		b.spans = rcgo__arena_alloc(scratch, b.room * sizeof *b.spans);
	}
	if (b.complete != NULL && b.spans != NULL) {
		index_roots(&b);
		index_aranges(&b);
		size = b.count * sizeof *b.spans;
		if (rcgo__spans_sort(b.spans, b.count, scratch)) {
			debug->index = rcgo__arena_alloc(memory->keep, size);
		}
		if (debug->index != NULL) {
			memcpy(debug->index, b.spans, size);
			debug->index_count = b.count;
		}
	}
	rcgo__arena_release(scratch, mark);
	return debug->index != NULL;
}
