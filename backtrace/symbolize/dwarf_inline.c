// SPDX-License-Identifier: BSD-3-Clause
// Nested address ranges, and the tree of a unit's functions and inlined calls. Runs on any stack,
// also in signal handlers.

#include "dwarf_inline.h"

#include <string.h>

static bool
range_before(const struct rcgo_pc_range *a, const struct rcgo_pc_range *b)
{
	if (a->low != b->low) {
		return a->low < b->low;
	}
	if (a->high != b->high) {
		return a->high > b->high;
	}
	return a->value < b->value;
}

// Merges the sorted ranges [from, middle) and [middle, to).
static void
range_merge(struct rcgo_pc_range *ranges, size_t from, size_t middle, size_t to,
	struct rcgo_pc_range *buffer)
{
	size_t left = 0, right = middle, out = from;
	size_t count = middle - from;

	// Compilers emit most ranges in order.
	if (!range_before(&ranges[middle], &ranges[middle - 1])) {
		return;
	}
	memcpy(buffer, ranges + from, count * sizeof *buffer);
	while (left < count && right < to) {
		ranges[out++] = range_before(&ranges[right], &buffer[left]) ? ranges[right++]
									    : buffer[left++];
	}
	memcpy(ranges + out, buffer + left, (count - left) * sizeof *buffer);
}

static void
range_link(struct rcgo_pc_range *ranges, uint32_t count)
{
	uint32_t open = RCGO_PC_RANGE_NONE; // the innermost range that has not ended

	for (uint32_t i = 0; i < count; i++) {
		while (open != RCGO_PC_RANGE_NONE && ranges[open].high <= ranges[i].low) {
			open = ranges[open].up;
		}
		ranges[i].up = open;
		open = i;
	}
}

bool
rcgo__pc_ranges_sort(struct rcgo_pc_range *ranges, uint32_t count, struct rcgo_arena *scratch)
{
	size_t mark = rcgo__arena_mark(scratch);
	struct rcgo_pc_range *buffer = rcgo__arena_alloc(scratch, count * sizeof *buffer);

	if (buffer == NULL) {
		return false;
	}
	for (size_t width = 1; width < count; width *= 2) {
		for (size_t from = 0; from + width < count; from += 2 * width) {
			size_t to = from + 2 * width;

			range_merge(ranges, from, from + width, to < count ? to : count, buffer);
		}
	}
	range_link(ranges, count);
	rcgo__arena_release(scratch, mark);
	return true;
}

uint32_t
rcgo__pc_ranges_outward(const struct rcgo_pc_range *ranges, uint32_t at, uint64_t address)
{
	for (at = ranges[at].up; at != RCGO_PC_RANGE_NONE; at = ranges[at].up) {
		if (address < ranges[at].high) {
			return at;
		}
	}
	return RCGO_PC_RANGE_NONE;
}

uint32_t
rcgo__pc_ranges_find(const struct rcgo_pc_range *ranges, uint32_t count, uint64_t address)
{
	uint32_t low = 0, high = count;

	// Find the last range that starts at or before address.
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (ranges[middle].low <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return RCGO_PC_RANGE_NONE;
	}
	return address < ranges[low - 1].high ? low - 1
					      : rcgo__pc_ranges_outward(ranges, low - 1, address);
}

// The traversal of a unit's entries that finds functions and inlined calls.

static bool
inline_add_range(struct rcgo_inline_walk *w, uint64_t low, uint64_t high)
{
	if (w->range_count == w->range_capacity) {
		return false;
	}
	w->ranges[w->range_count++] =
		(struct rcgo_pc_range){.low = low, .high = high, .value = w->node_count};
	return true;
}

// Reads the ranges of the current entry. Returns 1 if they are relevant, 0 if not, or -1 if there
// is no space for them. *entry gets the first address, or 0 if all ranges are empty.
static int
inline_read_ranges(struct rcgo_inline_walk *w, uint64_t *entry)
{
	struct rcgo_die *die = &w->die;
	struct rcgo_ranges ranges;
	uint64_t low, high;
	int relevant = 0;

	*entry = 0;
	if (die->low.kind == RCGO_VALUE_NONE && die->ranges.kind == RCGO_VALUE_NONE) {
		return 0;
	}
	ranges = rcgo__ranges_of(w->unit, &die->low, &die->high, &die->ranges);
	while (rcgo__ranges_next(&ranges, &low, &high)) {
		// The first range of a function contains its entry point.
		if (*entry == 0) {
			*entry = low;
		}
		if (w->all) {
			if (!inline_add_range(w, low, high)) {
				return -1;
			}
			relevant = 1;
		} else if (w->address - low < high - low) {
			relevant = 1;
		}
	}
	return relevant;
}

static bool
inline_add_node(struct rcgo_inline_walk *w, uint64_t entry)
{
	struct rcgo_die *die = &w->die;

	if (w->node_count == w->node_capacity) {
		return false;
	}
	w->nodes[w->node_count] = (struct rcgo_inline_node){.die = die->offset,
		.entry = entry,
		.parent = w->current,
		.depth = w->depth,
		.call_file = die->call_file,
		.call_line = die->call_line,
		.call_column = die->call_column,
		.inlined = die->tag == DW_TAG_inlined_subroutine};
	w->current = w->node_count++;
	return true;
}

// Moves to the sibling of an entry with children. Returns false if the sibling is unknown.
static bool
inline_skip_to_sibling(struct rcgo_inline_walk *w, const struct rcgo_value *sibling)
{
	const uint8_t *to;

	if (sibling->kind != RCGO_VALUE_REF || sibling->u >= w->unit->end) {
		return false;
	}
	to = w->info + sibling->u;
	if (to <= w->c.at) {
		return false; // backward: a loop
	}
	rcgo__reader_go(&w->c, to);
	return true;
}

// Returns whether the current entry is an inlined call without a range whose children may have
// ranges. gcc emits that in DWARF 2, where an entry has one range at most, if the inlined code is
// not contiguous.
static bool
inline_lacks_range(const struct rcgo_inline_walk *w, uint64_t entry)
{
	return entry == 0 && w->die.children && w->die.tag == DW_TAG_inlined_subroutine &&
	       w->current != RCGO_INLINE_NODE_NONE;
}

// Handles a function or an inlined call. Returns false to end the traversal.
static bool
inline_visit_function(struct rcgo_inline_walk *w)
{
	struct rcgo_die *die = &w->die;
	uint64_t entry;
	int relevant;
	bool added;

	rcgo__die_read(
		&w->c, w->abbrev, rcgo__abbrevs_specs(w->unit->abbrevs), &w->unit->encoding, die);
	relevant = inline_read_ranges(w, &entry);
	added = relevant > 0 || inline_lacks_range(w, entry);
	if (relevant < 0 || (added && !inline_add_node(w, entry))) {
		w->c.bad = true;
		return false;
	}
	if (relevant > 0) {
		w->inner = w->current;
		if (w->found == UINT32_MAX) {
			w->found = w->depth;
		}
	}
	if (added) {
		w->depth += die->children;
		return true;
	}
	if (!die->children) {
		return true;
	}
	if (w->exhaustive || !inline_skip_to_sibling(w, &die->sibling)) {
		if (!w->exhaustive) {
			w->skip_depth = w->depth;
		}
		w->depth++;
	}
	return true;
}

static bool
inline_is_type(const struct rcgo_inline_walk *w, uint16_t tag)
{
	if (w->unit->language == DW_LANG_Rust) {
		return false; // functions are children of types
	}
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type ||
	       tag == DW_TAG_subroutine_type || tag == DW_TAG_interface_type;
}

// Skips the values of an entry. Also skips its children if it is a type or inside a skipped entry.
static void
inline_skip_entry(struct rcgo_inline_walk *w)
{
	const struct rcgo_abbrev *abbrev = w->abbrev;
	const struct rcgo_encoding *encoding = &w->unit->encoding;
	const uint8_t *values = w->c.at;

	if (abbrev->fixed != RCGO_FIXED_NONE) {
		rcgo__reader_skip(&w->c, abbrev->fixed);
	} else {
		const struct rcgo_spec *spec =
			rcgo__abbrevs_specs(w->unit->abbrevs) + abbrev->first;

		for (uint32_t i = 0; i < abbrev->count; i++) {
			if (spec[i].size != RCGO_SIZE_VARIES) {
				rcgo__reader_skip(&w->c, spec[i].size);
			} else {
				rcgo__form_skip(&w->c, spec[i].form, encoding);
			}
		}
	}
	if (!abbrev->children || w->c.bad) {
		return;
	}
	if (!w->exhaustive && (w->depth > w->skip_depth || inline_is_type(w, abbrev->tag)) &&
		abbrev->sibling != RCGO_FIXED_NONE && abbrev->sibling_size <= 8) {
		struct rcgo_reader c = w->c;
		struct rcgo_value to = {.kind = RCGO_VALUE_REF};

		rcgo__reader_go(&c, values + abbrev->sibling);
		to.u = rcgo__reader_word(&c, abbrev->sibling_size) + encoding->unit;
		if (abbrev->sibling_size != 0 && inline_skip_to_sibling(w, &to)) {
			return;
		}
	}
	w->depth++;
}

void
rcgo__inline_tree_walk(struct rcgo_inline_walk *w)
{
	while (w->c.at < w->c.end && !w->c.bad) {
		uint64_t offset = (uint64_t)(w->c.at - w->info);
		uint64_t code = rcgo__reader_uleb(&w->c);

		if (code == 0) {
			if (w->depth == 0) {
				break;
			}
			w->depth--;
			continue;
		}
		w->abbrev = rcgo__abbrev_find(w->unit->abbrevs, code, w->unit->dwarf);
		if (w->abbrev == NULL || !rcgo__dwarf_charge(w->unit->dwarf, 1)) {
			w->c.bad = true;
			break;
		}
		while (w->current != RCGO_INLINE_NODE_NONE &&
			w->nodes[w->current].depth >= w->depth) {
			w->current = w->nodes[w->current].parent;
		}
		if (w->depth <= w->skip_depth) {
			w->skip_depth = UINT32_MAX;
		}
		if (!w->all && !w->exhaustive && w->found != UINT32_MAX && w->depth <= w->found) {
			break; // past the function that contains the address
		}
		if (w->depth <= w->skip_depth &&
			(w->abbrev->tag == DW_TAG_subprogram ||
				w->abbrev->tag == DW_TAG_inlined_subroutine)) {
			w->die.offset = offset;
			if (!inline_visit_function(w)) {
				break;
			}
		} else {
			inline_skip_entry(w);
		}
	}
}

// Finds the functions that contain an address: by a traversal for that address only, or in the
// cached tree of the whole unit.

// A cached tree with this count means that the unit's nodes do not fit.
#define INLINE_TREE_TOO_LARGE UINT32_MAX

static struct rcgo_inline_walk *
inline_walk_make(struct rcgo_unit *unit, uint64_t address, bool all)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	struct rcgo_bytes info = rcgo__dwarf_section(unit->dwarf, RCGO_DW_INFO);
	uint64_t bytes = unit->end - unit->first;
	struct rcgo_inline_walk *w = rcgo__arena_alloc(scratch, sizeof *w);
	struct rcgo_inline_tree *head;

	if (w == NULL || !rcgo__unit_abbrevs(unit)) {
		return NULL;
	}
	memset(w, 0, sizeof *w);
	w->unit = unit;
	w->info = info.at;
	w->address = address;
	w->all = all;
	w->c = rcgo__reader_make(rcgo__bytes_slice(info, unit->first, bytes), unit->encoding.big);
	w->skip_depth = UINT32_MAX;
	w->current = RCGO_INLINE_NODE_NONE;
	w->inner = RCGO_INLINE_NODE_NONE;
	w->found = UINT32_MAX;
	// An upper bound: an entry with code takes several bytes. Untouched pages of an arena cost
	// nothing.
	w->node_capacity = all ? (uint32_t)(bytes / 8) + 16 : 512;
	w->range_capacity = all ? (uint32_t)(bytes / 4) + 1024 : 0;
	head = rcgo__arena_alloc(
		scratch, sizeof *head + w->node_capacity * sizeof(struct rcgo_inline_node));
	w->ranges = rcgo__arena_alloc(scratch, w->range_capacity * sizeof(struct rcgo_pc_range));
	if (head == NULL || w->ranges == NULL) {
		return NULL;
	}
	*head = (struct rcgo_inline_tree){0};
	w->nodes = rcgo__inline_tree_nodes(head);
	return w;
}

static struct rcgo_inline_tree *
inline_walk_tree(struct rcgo_inline_walk *w)
{
	struct rcgo_inline_tree *head = (struct rcgo_inline_tree *)(void *)w->nodes - 1;

	head->count = w->node_count;
	return head;
}

// Collects only the nodes that contain address.
static uint32_t
inline_tree_one(struct rcgo_unit *unit, uint64_t address, struct rcgo_inline_tree **tree)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	size_t mark = rcgo__arena_mark(scratch);

	for (int exhaustive = 0; exhaustive < 2; exhaustive++) {
		struct rcgo_inline_walk *w = inline_walk_make(unit, address, false);

		if (w == NULL) {
			return RCGO_INLINE_NODE_NONE;
		}
		w->exhaustive = exhaustive != 0;
		rcgo__inline_tree_walk(w);
		if (w->inner != RCGO_INLINE_NODE_NONE) {
			*tree = inline_walk_tree(w);
			return w->inner;
		}
		unit->abbrevs = NULL; // they may have been allocated after the mark
		rcgo__arena_release(scratch, mark);
	}
	return RCGO_INLINE_NODE_NONE;
}

// Reads all nodes of unit into a cached tree. If they do not fit, caches a tree that says so.
// Returns NULL if there is no memory.
static struct rcgo_inline_tree *
inline_tree_read(struct rcgo_unit *unit, bool exhaustive)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	struct rcgo_inline_walk *w = inline_walk_make(unit, 0, true);
	struct rcgo_inline_tree *out;
	size_t nodes_size, ranges_size;
	bool full;

	if (w == NULL) {
		return NULL;
	}
	w->exhaustive = exhaustive;
	rcgo__inline_tree_walk(w);
	full = w->node_count == w->node_capacity || w->range_count == w->range_capacity ||
	       memory->budget <= 0 ||
	       !rcgo__pc_ranges_sort(w->ranges, w->range_count, &memory->scratch);
	nodes_size = sizeof *out + w->node_count * sizeof(struct rcgo_inline_node);
	ranges_size = w->range_count * sizeof(struct rcgo_pc_range);
	full = full || !rcgo__cache_fits(&memory->cache, nodes_size + ranges_size);
	out = rcgo__cache_put(&memory->cache, RCGO_CACHE_INLINE_TREES, unit->dwarf->id,
		unit->encoding.unit, full ? sizeof *out : nodes_size + ranges_size);
	if (out == NULL) {
		return NULL;
	}
	if (full) {
		*out = (struct rcgo_inline_tree){.count = INLINE_TREE_TOO_LARGE};
		return out;
	}
	*out = (struct rcgo_inline_tree){
		.count = w->node_count, .range_count = w->range_count, .exhaustive = exhaustive};
	memcpy(rcgo__inline_tree_nodes(out), w->nodes,
		w->node_count * sizeof(struct rcgo_inline_node));
	memcpy(rcgo__inline_tree_ranges(out), w->ranges, ranges_size);
	return out;
}

// Returns all nodes of unit, from the cache or by reading them. If exhaustive is set, the traversal
// is exhaustive. Returns NULL if they do not fit.
static struct rcgo_inline_tree *
inline_tree_all(struct rcgo_unit *unit, bool exhaustive)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	size_t mark = rcgo__arena_mark(&memory->scratch);
	struct rcgo_inline_tree *block = rcgo__cache_get(
		&memory->cache, RCGO_CACHE_INLINE_TREES, unit->dwarf->id, unit->encoding.unit);

	if (block == NULL ||
		(exhaustive && !block->exhaustive && block->count != INLINE_TREE_TOO_LARGE)) {
		block = inline_tree_read(unit, exhaustive);
	}
	// unit->abbrevs may have been allocated after the mark, and is not used any more.
	if (block == NULL || block->count == INLINE_TREE_TOO_LARGE) {
		unit->abbrevs = NULL;
		rcgo__arena_release(&memory->scratch, mark);
		return NULL;
	}
	return block;
}

uint32_t
rcgo__inline_tree_find(
	struct rcgo_unit *unit, uint64_t address, bool all, struct rcgo_inline_tree **tree)
{
	for (int exhaustive = 0; all && exhaustive < 2; exhaustive++) {
		struct rcgo_inline_tree *block = inline_tree_all(unit, exhaustive != 0);
		uint32_t at;

		if (block == NULL) {
			break;
		}
		at = rcgo__pc_ranges_find(
			rcgo__inline_tree_ranges(block), block->range_count, address);
		if (at != RCGO_PC_RANGE_NONE) {
			*tree = block;
			return rcgo__inline_tree_ranges(block)[at].value;
		}
		if (block->exhaustive) {
			return RCGO_INLINE_NODE_NONE;
		}
	}
	return inline_tree_one(unit, address, tree);
}
