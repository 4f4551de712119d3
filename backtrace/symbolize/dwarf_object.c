// SPDX-License-Identifier: BSD-3-Clause
// Finds the unit of an address and the chain of functions there, for an object with DWARF. Runs on
// any stack, also in signal handlers.

#include "dwarf_object.h"

#include <string.h>

bool
rcgo__debug_init(struct rcgo_debug *debug, struct rcgo_dwarf_memory *memory,
	const struct rcgo_elf *elf, const struct rcgo_elf *common, uint16_t id)
{
	size_t size = sizeof(struct rcgo_unit *) << RCGO_DEBUG_RECENT_BITS;

	*debug = (struct rcgo_debug){0};
	debug->main = (struct rcgo_dwarf){.memory = memory, .elf = elf, .big = elf->big, .id = id};
	if (common != NULL) {
		debug->common = (struct rcgo_dwarf){.memory = memory,
			.elf = common,
			.big = common->big,
			.id = (uint16_t)(id + 1)};
		debug->main.common = &debug->common;
	}
	memory->budget = memory->step_limit;
	debug->recent = rcgo__arena_zalloc(memory->keep, size);
	return debug->recent != NULL && rcgo__dwarf_section(&debug->main, RCGO_DW_INFO).size != 0 &&
	       rcgo__dwarf_section(&debug->main, RCGO_DW_ABBREV).size != 0;
}

// Returns the slot of the unit at offset, which may be empty: one of a few slots after the unit's
// hash.
static struct rcgo_unit **
debug_slot(struct rcgo_debug *debug, uint64_t offset)
{
	uint64_t hash = offset * UINT64_C(0x9e3779b97f4a7c15) >> (64 - RCGO_DEBUG_RECENT_BITS);

	for (uint64_t probe = 0; probe < 8; probe++) {
		struct rcgo_unit **slot =
			&debug->recent[(hash + probe) % (1 << RCGO_DEBUG_RECENT_BITS)];

		if (*slot == NULL || (*slot)->encoding.unit == offset) {
			return slot;
		}
	}
	return &debug->recent[hash];
}

struct rcgo_unit *
rcgo__debug_unit(struct rcgo_debug *debug, uint64_t offset)
{
	struct rcgo_unit **slot = debug_slot(debug, offset);
	struct rcgo_unit *unit = *slot;

	if (unit == NULL) {
		unit = rcgo__arena_zalloc(debug->main.memory->keep, 2 * sizeof *unit);
		*slot = unit;
	}
	if (unit == NULL) {
		return NULL;
	}
	if (unit->dwarf == NULL || unit->encoding.unit != offset) {
		memset(unit, 0, 2 * sizeof *unit);
		if (!rcgo__unit_read(unit, &debug->main, offset, NULL)) {
			unit->dwarf = NULL;
			return NULL;
		}
	}
	// The cache may have moved or dropped them since.
	unit->abbrevs = NULL;
	return unit;
}

// The result of a lookup of one address.
struct debug_lookup {
	struct rcgo_unit *unit;		 // the unit with the line table
	struct rcgo_unit *function_unit; // the unit with the functions, which may be split
	struct rcgo_inline_tree *tree;
	struct rcgo_lines *lines;
	struct rcgo_line_row row;
	uint32_t node; // innermost node, or RCGO_INLINE_NODE_NONE
	bool has_row;
	bool source_name; // as in struct rcgo_debug
};

static bool
debug_lookup_unit(
	struct rcgo_debug *debug, uint64_t offset, uint64_t address, struct debug_lookup *lookup)
{
	// A single lookup costs less than building the tables of the whole unit.
	bool all = debug->lookups > 1 && debug->main.memory->cached;

	*lookup = (struct debug_lookup){.node = RCGO_INLINE_NODE_NONE};
	lookup->unit = rcgo__debug_unit(debug, offset);
	if (lookup->unit == NULL) {
		return false;
	}
	lookup->function_unit = rcgo__debug_split(debug, lookup->unit);
	lookup->node = rcgo__inline_tree_find(lookup->function_unit, address, all, &lookup->tree);
	lookup->lines = rcgo__lines_get(lookup->unit, all);
	lookup->has_row = lookup->lines != NULL &&
			  rcgo__lines_find(lookup->unit, lookup->lines, address, &lookup->row);
	return lookup->node != RCGO_INLINE_NODE_NONE;
}

// Tries all units whose ranges contain address, innermost first. Returns whether anything is known.
static bool
debug_find(struct rcgo_debug *debug, uint64_t address, struct debug_lookup *lookup)
{
	struct debug_lookup first = {.node = RCGO_INLINE_NODE_NONE};
	uint64_t offset;

	if (debug->lookups <= 1 && rcgo__debug_aranges(debug, address, &offset) &&
		debug_lookup_unit(debug, offset, address, lookup)) {
		return true;
	}
	if (!rcgo__debug_index(debug)) {
		return rcgo__debug_aranges(debug, address, &offset) &&
		       (debug_lookup_unit(debug, offset, address, lookup) || lookup->has_row);
	}
	for (uint32_t at = rcgo__pc_ranges_find(debug->index, debug->index_count, address);
		at != RCGO_PC_RANGE_NONE; at = rcgo__pc_ranges_outward(debug->index, at, address)) {
		if (debug_lookup_unit(
			    debug, debug->main.units[debug->index[at].value], address, lookup)) {
			return true;
		}
		if (lookup->has_row && !first.has_row) {
			first = *lookup;
		}
	}
	*lookup = first;
	return lookup->has_row;
}

static const char *
debug_path(const struct debug_lookup *lookup, uint32_t file, struct rcgo_line_text *text)
{
	return lookup->lines == NULL ? NULL
				     : rcgo__lines_path(lookup->unit, lookup->lines, file, text);
}

// Stores the frames from the innermost node outward.
static size_t
debug_chain(struct debug_lookup *lookup, struct rcgo_frame *frames, size_t max,
	struct rcgo_line_text *text)
{
	struct rcgo_inline_node *nodes = rcgo__inline_tree_nodes(lookup->tree);
	uint32_t file = lookup->row.file, line = lookup->row.line, column = lookup->row.column;
	bool has_file = lookup->has_row;
	uintptr_t entry = 0;
	bool truncated = false;
	size_t n = 0;

	for (uint32_t at = lookup->node; at != RCGO_INLINE_NODE_NONE;) {
		struct rcgo_inline_node *node = &nodes[at];

		entry = (uintptr_t)node->entry;
		if (n == max) {
			truncated = true;
			at = node->inlined ? node->parent : RCGO_INLINE_NODE_NONE;
			continue;
		}
		frames[n++] = (struct rcgo_frame){
			.function = rcgo__inline_node_name(lookup->function_unit, node),
			.file = has_file ? debug_path(lookup, file, text) : NULL,
			.line = line,
			.column = column,
			.inlined = node->inlined};
		lookup->source_name = !node->mangled && rcgo__unit_mangles(lookup->function_unit);
		if (!node->inlined) {
			break;
		}
		file = node->call_file;
		line = node->call_line;
		column = node->call_column;
		has_file = true;
		at = node->parent;
	}
	// The outermost node is a function, even if the file says that it is inlined.
	frames[n - 1].inlined = truncated;
	for (size_t i = 0; i < n; i++) {
		frames[i].entry = entry;
	}
	return n;
}

size_t
rcgo__debug_frames(struct rcgo_debug *debug, uint64_t address, struct rcgo_frame *frames,
	size_t max, struct rcgo_line_text *text)
{
	struct rcgo_dwarf_memory *memory = debug->main.memory;
	size_t mark = rcgo__arena_mark(&memory->scratch);
	struct debug_lookup lookup = {.node = RCGO_INLINE_NODE_NONE};
	size_t n = 0;

	memory->budget = memory->step_limit;
	rcgo__cache_pin(&memory->cache);
	debug->lookups += debug->lookups < UINT32_MAX;
	if (max > 0 && debug_find(debug, address, &lookup)) {
		if (lookup.node != RCGO_INLINE_NODE_NONE) {
			n = debug_chain(&lookup, frames, max, text);
		} else {
			frames[n++] = (struct rcgo_frame){
				.file = debug_path(&lookup, lookup.row.file, text),
				.line = lookup.row.line,
				.column = lookup.row.column};
		}
	}
	debug->discriminator = lookup.has_row ? lookup.row.discriminator : 0;
	debug->source_name = lookup.source_name;
	rcgo__arena_release(&memory->scratch, mark);
	return n;
}

// Finds the unit that contains an address: by .debug_aranges for the first lookup, and by an index
// of the ranges of all units for later ones.

// Maximum number of ranges in the index of an object; further ranges are omitted.
#define INDEX_MAX (UINT32_C(1) << 22)

// A set of ranges in .debug_aranges.
struct index_set {
	struct rcgo_reader c;
	uint64_t unit;
	unsigned size; // size of an address
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
		rcgo__reader_end(&part);
	} else {
		uint64_t head = (uint64_t)(part.at - from);

		// Pairs are aligned to their own size, relative to the header.
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
	struct rcgo_pc_range *ranges;
	uint32_t count, capacity;
	uint8_t *complete; // for each unit: its root lists all its ranges
};

static void
index_add(struct index_build *b, uint64_t low, uint64_t high, uint32_t unit)
{
	if (b->count < b->capacity) {
		b->ranges[b->count++] =
			(struct rcgo_pc_range){.low = low, .high = high, .value = unit};
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
			b->complete[i] = 1; // the unit has no ranges
			continue;
		}
		b->complete[i] = unit.ranges.kind != RCGO_VALUE_NONE;
		ranges = rcgo__ranges_of(&unit, &unit.low, &unit.high, &unit.ranges);
		while (rcgo__ranges_next(&ranges, &low, &high)) {
			index_add(b, low, high, i);
		}
	}
}

// Finds the number of the unit that starts at offset. Returns whether there is one.
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

// Adds the ranges in .debug_aranges of units whose root has no range list. Some assemblers emit
// none, and DWARF 2 can express only one range.
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
	struct index_build b = {.debug = debug, .capacity = INDEX_MAX};
	size_t size;

	if (debug->indexed) {
		return debug->index != NULL;
	}
	debug->indexed = true;
	if (!rcgo__dwarf_units(&debug->main) || debug->main.unit_count > UINT32_MAX) {
		return false;
	}
	b.complete = rcgo__arena_zalloc(scratch, debug->main.unit_count);
	while (b.ranges == NULL && b.capacity > 64) {
		b.capacity /= 2;
		b.ranges = rcgo__arena_alloc(scratch, b.capacity * sizeof *b.ranges);
	}
	if (b.complete != NULL && b.ranges != NULL) {
		index_roots(&b);
		index_aranges(&b);
		size = b.count * sizeof *b.ranges;
		if (rcgo__pc_ranges_sort(b.ranges, b.count, scratch)) {
			debug->index = rcgo__arena_alloc(memory->keep, size);
		}
		if (debug->index != NULL) {
			memcpy(debug->index, b.ranges, size);
			debug->index_count = b.count;
		}
	}
	rcgo__arena_release(scratch, mark);
	return debug->index != NULL;
}
