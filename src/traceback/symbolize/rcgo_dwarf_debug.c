// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the chain of functions at an address of an object with DWARF. Runs on any
// stack.

#include "rcgo_dwarf_debug.h"

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

// Where the unit at offset is or may be put: in one of some places behind that of its hash.
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
	// They may have moved or gone since.
	unit->abbrevs = NULL;
	return unit;
}

// What is known of one address.
struct debug_place {
	struct rcgo_unit *unit;	      // with the line table
	struct rcgo_unit *scope_unit; // with the functions
	struct rcgo_scopes *scopes;
	struct rcgo_lines *lines;
	struct rcgo_line_row row;
	uint32_t scope; // innermost, or RCGO_SCOPE_NONE
	bool has_row;
	bool source_name; // as in struct rcgo_debug
};

static bool
debug_look(struct rcgo_debug *debug, uint64_t offset, uint64_t address, struct debug_place *place)
{
	// One look costs less than the tables of a whole unit do.
	bool all = debug->lookups > 1 && debug->main.memory->cached;

	*place = (struct debug_place){.scope = RCGO_SCOPE_NONE};
	place->unit = rcgo__debug_unit(debug, offset);
	if (place->unit == NULL) {
		return false;
	}
	place->scope_unit = rcgo__debug_split(debug, place->unit);
	place->scope = rcgo__scope_find(place->scope_unit, address, all, &place->scopes);
	place->lines = rcgo__lines_get(place->unit, all);
	place->has_row = place->lines != NULL &&
			 rcgo__lines_find(place->unit, place->lines, address, &place->row);
	return place->scope != RCGO_SCOPE_NONE;
}

// Tries all units whose ranges hold address, innermost first. Returns whether anything is known.
static bool
debug_find(struct rcgo_debug *debug, uint64_t address, struct debug_place *place)
{
	struct debug_place first = {.scope = RCGO_SCOPE_NONE};
	uint64_t offset;

	if (debug->lookups <= 1 && rcgo__debug_aranges(debug, address, &offset) &&
		debug_look(debug, offset, address, place)) {
		return true;
	}
	if (!rcgo__debug_index(debug)) {
		return rcgo__debug_aranges(debug, address, &offset) &&
		       (debug_look(debug, offset, address, place) || place->has_row);
	}
	for (uint32_t at = rcgo__spans_find(debug->index, debug->index_count, address);
		at != RCGO_SPAN_NONE; at = rcgo__spans_outward(debug->index, at, address)) {
		if (debug_look(debug, debug->main.units[debug->index[at].value], address, place)) {
			return true;
		}
		if (place->has_row && !first.has_row) {
			first = *place;
		}
	}
	*place = first;
	return place->has_row;
}

static const char *
debug_path(const struct debug_place *place, uint32_t file, struct rcgo_line_text *text)
{
	return place->lines == NULL ? NULL
				    : rcgo__lines_path(place->unit, place->lines, file, text);
}

// Whether the linker knows functions of the unit by other names than the source does.
static bool
debug_mangles(const struct rcgo_unit *unit)
{
	switch (unit->language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
		return true;
	default:
		return false;
	}
}

// Writes the chain from the innermost scope outward.
static size_t
debug_chain(struct debug_place *place, struct rcgo_frame *frames, size_t max,
	struct rcgo_line_text *text)
{
	struct rcgo_scope *scopes = rcgo__scopes_all(place->scopes);
	uint32_t file = place->row.file, line = place->row.line, column = place->row.column;
	bool has_file = place->has_row;
	uintptr_t entry = 0;
	bool cut = false;
	size_t n = 0;

	for (uint32_t at = place->scope; at != RCGO_SCOPE_NONE;) {
		struct rcgo_scope *scope = &scopes[at];

		entry = (uintptr_t)scope->entry;
		if (n == max) {
			cut = true;
			at = scope->inlined ? scope->parent : RCGO_SCOPE_NONE;
			continue;
		}
		frames[n++] =
			(struct rcgo_frame){.function = rcgo__scope_name(place->scope_unit, scope),
				.file = has_file ? debug_path(place, file, text) : NULL,
				.line = line,
				.column = column,
				.inlined = scope->inlined};
		place->source_name = !scope->mangled && debug_mangles(place->scope_unit);
		if (!scope->inlined) {
			break;
		}
		file = scope->call_file;
		line = scope->call_line;
		column = scope->call_column;
		has_file = true;
		at = scope->parent;
	}
	// The outermost is a function of its own even where the file does not say so.
	frames[n - 1].inlined = cut;
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
	struct debug_place place = {.scope = RCGO_SCOPE_NONE};
	size_t n = 0;

	memory->budget = memory->step_limit;
	rcgo__cache_pin(&memory->cache);
	debug->lookups += debug->lookups < UINT32_MAX;
	if (max > 0 && debug_find(debug, address, &place)) {
		if (place.scope != RCGO_SCOPE_NONE) {
			n = debug_chain(&place, frames, max, text);
		} else {
			frames[n++] = (struct rcgo_frame){
				.file = debug_path(&place, place.row.file, text),
				.line = place.row.line,
				.column = place.row.column};
		}
	}
	debug->discriminator = place.has_row ? place.row.discriminator : 0;
	debug->source_name = place.source_name;
	rcgo__arena_release(&memory->scratch, mark);
	return n;
}
