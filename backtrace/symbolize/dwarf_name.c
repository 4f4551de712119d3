// SPDX-License-Identifier: BSD-3-Clause
// Finds the name of a function, which may be an attribute of another entry, in another unit or
// file. Runs on any stack, also in signal handlers.

#include <string.h>

#include "dwarf_inline.h"

// More steps mean a loop. An inlined call, its abstract origin and the declaration in a class are
// three steps; dwz adds none.
#define NAME_STEPS 16

// The prefix that gcc gives to the cold part of a function in DWARF 2, which cannot describe a
// function of two parts.
#define NAME_OF_PART "__second_sect_of_"

struct name_search {
	struct rcgo_unit *unit; // of the current entry
	struct rcgo_unit other; // storage for the last other unit that was read
	struct rcgo_die die;
};

static bool
name_read_die(struct name_search *w, uint64_t offset)
{
	struct rcgo_unit *unit = w->unit;
	struct rcgo_bytes info = rcgo__dwarf_section(unit->dwarf, RCGO_DW_INFO);
	const struct rcgo_abbrev *abbrev;
	struct rcgo_reader c;

	if (offset < unit->first || offset >= unit->end || !rcgo__unit_abbrevs(unit)) {
		return false;
	}
	c = rcgo__reader_make(
		rcgo__bytes_slice(info, offset, unit->end - offset), unit->encoding.big);
	abbrev = rcgo__abbrev_find(unit->abbrevs, rcgo__reader_uleb(&c), unit->dwarf);
	if (abbrev == NULL) {
		return false;
	}
	w->die.offset = offset;
	rcgo__die_read(&c, abbrev, rcgo__abbrevs_specs(unit->abbrevs), &unit->encoding, &w->die);
	return true;
}

// Moves to the unit that contains the entry that origin refers to.
static bool
name_follow(struct name_search *w, const struct rcgo_value *origin)
{
	struct rcgo_dwarf *dwarf = w->unit->dwarf;
	uint64_t at;

	if (origin->kind == RCGO_VALUE_REF) {
		if (origin->u >= w->unit->first && origin->u < w->unit->end) {
			return true;
		}
	} else if (origin->kind == RCGO_VALUE_REF_COMMON && dwarf->common != NULL) {
		dwarf = dwarf->common;
	} else {
		return false;
	}
	if (w->unit->skeleton != NULL || !rcgo__dwarf_unit_at(dwarf, origin->u, &at)) {
		return false; // a split unit refers only to itself
	}
	memset(&w->other, 0, sizeof w->other);
	w->unit = &w->other;
	return rcgo__unit_read(&w->other, dwarf, at, NULL);
}

// Returns the name of the whole function, given its name or the name of its cold part.
static const char *
name_strip_cold(const char *name)
{
	const char *whole = name;

	if (strncmp(name, NAME_OF_PART, sizeof NAME_OF_PART - 1) == 0) {
		whole += sizeof NAME_OF_PART - 1;
	}
	return *whole != 0 ? whole : NULL;
}

const char *
rcgo__inline_node_name(struct rcgo_unit *unit, struct rcgo_inline_node *node)
{
	struct name_search *w;
	uint64_t offset = node->die;
	const char *name = NULL;

	if (node->named) {
		return node->name;
	}
	w = rcgo__arena_alloc(&unit->dwarf->memory->scratch, sizeof *w);
	if (w == NULL) {
		return NULL;
	}
	w->unit = unit;
	for (int step = 0; step < NAME_STEPS && name_read_die(w, offset); step++) {
		const char *linkage = rcgo__value_text(w->unit, &w->die.linkage_name);
		struct rcgo_value origin = w->die.origin;

		if (linkage != NULL && linkage[0] != 0) {
			name = linkage;
			node->mangled = true;
			break;
		}
		if (name == NULL || name[0] == 0) {
			name = rcgo__value_text(w->unit, &w->die.name);
		}
		if (!name_follow(w, &origin)) {
			break;
		}
		offset = origin.u;
	}
	name = name != NULL ? name_strip_cold(name) : NULL;
	if (name != NULL && !node->mangled && unit->dwarf->memory->qualified &&
		rcgo__unit_mangles(unit)) {
		name = rcgo__scope_qualified(w->unit, w->die.offset, name);
	}
	node->name = name;
	node->named = true;
	return node->name;
}
