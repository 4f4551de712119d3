// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the walk over the entries of a unit that finds functions and what was
// inlined into them. Runs on any stack.

#include "rcgo_dwarf_scope.h"

static bool
scope_add_span(struct rcgo_scope_walk *w, uint64_t low, uint64_t high)
{
	if (w->span_count == w->span_room) {
		return false;
	}
	w->spans[w->span_count++] =
		(struct rcgo_span){.low = low, .high = high, .value = w->scope_count};
	return true;
}

// Looks at the ranges of the entry at hand. Returns whether they count, 0 or 1, or -1 when
// there is no room for them; entry gets the first address, or 0 if they are all empty.
static int
scope_ranges(struct rcgo_scope_walk *w, uint64_t *entry)
{
	struct rcgo_die *die = &w->die;
	struct rcgo_ranges ranges;
	uint64_t low, high;
	int useful = 0;

	*entry = 0;
	if (die->low.kind == RCGO_VALUE_NONE && die->ranges.kind == RCGO_VALUE_NONE) {
		return 0;
	}
	ranges = rcgo__ranges_of(w->unit, &die->low, &die->high, &die->ranges);
	while (rcgo__ranges_next(&ranges, &low, &high)) {
		// The list of a function begins with the part that holds its first instruction.
		if (*entry == 0) {
			*entry = low;
		}
		if (w->all) {
			if (!scope_add_span(w, low, high)) {
				return -1;
			}
			useful = 1;
		} else if (w->address - low < high - low) {
			useful = 1;
		}
	}
	return useful;
}

static bool
scope_add(struct rcgo_scope_walk *w, uint64_t entry)
{
	struct rcgo_die *die = &w->die;

	if (w->scope_count == w->scope_room) {
		return false;
	}
	w->scopes[w->scope_count] = (struct rcgo_scope){.die = die->offset,
		.entry = entry,
		.parent = w->current,
		.depth = w->depth,
		.call_file = die->call_file,
		.call_line = die->call_line,
		.call_column = die->call_column,
		.inlined = die->tag == DW_TAG_inlined_subroutine};
	w->current = w->scope_count++;
	return true;
}

// Goes to the sibling of an entry with children, if that is known. Returns whether.
static bool
scope_jump(struct rcgo_scope_walk *w, const struct rcgo_value *sibling)
{
	const uint8_t *to;

	if (sibling->kind != RCGO_VALUE_REF || sibling->u >= w->unit->end) {
		return false;
	}
	to = w->info + sibling->u;
	if (to <= w->c.at) {
		return false; // back: a loop
	}
	w->c.at = to;
	return true;
}

// Whether the entry at hand is an inlined copy that tells no range, with others in it that may: so
// does gcc in DWARF 2, which has only one range for each, where a copy is in pieces.
static bool
scope_in_pieces(const struct rcgo_scope_walk *w, uint64_t entry)
{
	return entry == 0 && w->die.children && w->die.tag == DW_TAG_inlined_subroutine &&
	       w->current != RCGO_SCOPE_NONE;
}

// Deals with a function or an inlined copy. Returns false when the walk is to end.
static bool
scope_function(struct rcgo_scope_walk *w)
{
	struct rcgo_die *die = &w->die;
	uint64_t entry;
	int useful;
	bool taken;

	rcgo__die_read(
		&w->c, w->abbrev, rcgo__abbrevs_specs(w->unit->abbrevs), &w->unit->encoding, die);
	useful = scope_ranges(w, &entry);
	taken = useful > 0 || scope_in_pieces(w, entry);
	if (useful < 0 || (taken && !scope_add(w, entry))) {
		w->c.bad = true;
		return false;
	}
	if (useful > 0) {
		w->inner = w->current;
		if (w->found == UINT32_MAX) {
			w->found = w->depth;
		}
	}
	if (taken) {
		w->depth += die->children;
		return true;
	}
	if (!die->children) {
		return true;
	}
	if (w->careful || !scope_jump(w, &die->sibling)) {
		if (!w->careful) {
			w->below = w->depth;
		}
		w->depth++;
	}
	return true;
}

static bool
scope_is_type(const struct rcgo_scope_walk *w, uint16_t tag)
{
	if (w->unit->language == DW_LANG_Rust) {
		return false; // functions are inside of types
	}
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type ||
	       tag == DW_TAG_subroutine_type || tag == DW_TAG_interface_type;
}

// Passes over the values of an entry, and over its children if it is a type or lies in something
// that is passed over.
static void
scope_pass(struct rcgo_scope_walk *w)
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
	if (!w->careful && (w->depth > w->below || scope_is_type(w, abbrev->tag)) &&
		abbrev->sibling != RCGO_FIXED_NONE && abbrev->sibling_size <= 8) {
		struct rcgo_reader c = w->c;
		struct rcgo_value to = {.kind = RCGO_VALUE_REF};

		c.at = values + abbrev->sibling;
		to.u = rcgo__reader_word(&c, abbrev->sibling_size) + encoding->unit;
		if (abbrev->sibling_size != 0 && scope_jump(w, &to)) {
			return;
		}
	}
	w->depth++;
}

void
rcgo__scope_walk(struct rcgo_scope_walk *w)
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
		while (w->current != RCGO_SCOPE_NONE && w->scopes[w->current].depth >= w->depth) {
			w->current = w->scopes[w->current].parent;
		}
		if (w->depth <= w->below) {
			w->below = UINT32_MAX;
		}
		if (!w->all && !w->careful && w->found != UINT32_MAX && w->depth <= w->found) {
			break; // past the function that holds the address
		}
		if (w->depth <= w->below && (w->abbrev->tag == DW_TAG_subprogram ||
						    w->abbrev->tag == DW_TAG_inlined_subroutine)) {
			w->die.offset = offset;
			if (!scope_function(w)) {
				break;
			}
		} else {
			scope_pass(w);
		}
	}
}
