// SPDX-License-Identifier: BSD-3-Clause
// Split DWARF: finds the unit in a .dwo or .dwp file that belongs to a skeleton unit. Runs on any
// stack, also in signal handlers.

#include <string.h>

#include "dwarf_object.h"

// The contributions of one unit to the sections of a .dwp file.
struct split_contribution {
	uint64_t offset[DW_SECT_RNGLISTS + 1], size[DW_SECT_RNGLISTS + 1];
};

// The index of a .dwp file, which maps a unit's id to its contributions.
struct split_table {
	struct rcgo_bytes bytes;
	uint32_t version, columns, units, slots;
	bool big;
};

static uint32_t
split_word(const struct split_table *table, uint64_t at)
{
	struct rcgo_bytes word = rcgo__bytes_read(table->bytes, at, 4);

	return word.size == 0 ? 0 : rcgo__get32(word.at, table->big);
}

// Returns the row number for id, starting at 1, or 0 if there is none.
static uint32_t
split_row(const struct split_table *table, uint64_t id)
{
	uint32_t mask = table->slots - 1;
	uint32_t slot = (uint32_t)id & mask;
	uint32_t step = ((uint32_t)(id >> 32) & mask) | 1;

	for (uint32_t tries = 0; tries < table->slots; tries++) {
		struct rcgo_bytes at = rcgo__bytes_read(table->bytes, 16 + slot * UINT64_C(8), 8);
		uint32_t row =
			split_word(table, 16 + table->slots * UINT64_C(8) + slot * UINT64_C(4));

		if (at.size == 0 || row == 0) {
			return 0;
		}
		if (rcgo__get64(at.at, table->big) == id) {
			return row <= table->units ? row : 0;
		}
		slot = (slot + step) & mask;
	}
	return 0;
}

static bool
split_contribution_find(
	struct rcgo_dwarf *package, uint64_t id, struct split_contribution *contribution)
{
	struct split_table table = {
		.bytes = rcgo__dwarf_section(package, RCGO_DW_CU_INDEX), .big = package->big};
	uint64_t offsets, sizes;
	uint32_t row;

	table.version = split_word(&table, 0);
	if (table.version != 2) { // not GNU's 4-byte version: DWARF 5 has 2 bytes
		table.version = table.bytes.size < 4 ? 0 : rcgo__get16(table.bytes.at, table.big);
	}
	table.columns = split_word(&table, 4);
	table.units = split_word(&table, 8);
	table.slots = split_word(&table, 12);
	if ((table.version != 2 && table.version != 5) || table.columns > 64 || table.slots == 0 ||
		(table.slots & (table.slots - 1)) != 0 || table.slots > table.bytes.size) {
		return false;
	}
	row = split_row(&table, id);
	if (row == 0) {
		return false;
	}
	offsets = 16 + table.slots * UINT64_C(12);
	sizes = offsets + (uint64_t)table.columns * 4 * (1 + (uint64_t)table.units);
	*contribution = (struct split_contribution){0};
	for (uint32_t column = 0; column < table.columns; column++) {
		uint32_t section = split_word(&table, offsets + column * UINT64_C(4));
		uint64_t cell = (uint64_t)table.columns * 4 * (row - 1) + column * UINT64_C(4);

		// Column 8 of version 2 is .debug_macro, which is not needed.
		if (section <= DW_SECT_RNGLISTS) {
			contribution->offset[section] =
				split_word(&table, offsets + (uint64_t)table.columns * 4 + cell);
			contribution->size[section] = split_word(&table, sizes + cell);
		}
	}
	return contribution->size[DW_SECT_INFO] != 0;
}

// Reads the unit of package that has this id.
static bool
split_from_package(
	struct rcgo_dwarf *package, const struct rcgo_unit *skeleton, struct rcgo_unit *split)
{
	struct split_contribution contribution;

	if (!split_contribution_find(package, skeleton->id, &contribution)) {
		return false;
	}
	memset(split, 0, sizeof *split);
	split->abbrev = rcgo__bytes_slice(rcgo__dwarf_section(package, RCGO_DW_ABBREV),
		contribution.offset[DW_SECT_ABBREV], contribution.size[DW_SECT_ABBREV]);
	split->str_offsets = rcgo__bytes_slice(rcgo__dwarf_section(package, RCGO_DW_STR_OFFSETS),
		contribution.offset[DW_SECT_STR_OFFSETS], contribution.size[DW_SECT_STR_OFFSETS]);
	split->rnglists = rcgo__bytes_slice(rcgo__dwarf_section(package, RCGO_DW_RNGLISTS),
		contribution.offset[DW_SECT_RNGLISTS], contribution.size[DW_SECT_RNGLISTS]);
	return rcgo__unit_read(split, package, contribution.offset[DW_SECT_INFO], skeleton);
}

// Reads the unit of a .dwo file. Type units may precede it.
static bool
split_from_file(struct rcgo_dwarf *file, const struct rcgo_unit *skeleton, struct rcgo_unit *split)
{
	if (!rcgo__dwarf_units(file)) {
		return false;
	}
	for (size_t i = 0; i < file->unit_count && rcgo__dwarf_charge(file, 1); i++) {
		memset(split, 0, sizeof *split);
		if (rcgo__unit_read(split, file, file->units[i], skeleton) && split->has_id &&
			split->id == skeleton->id) {
			return true;
		}
	}
	return false;
}

static void
split_dwarf(struct rcgo_debug *debug, struct rcgo_debug_split *file)
{
	// Ids of split files are above those of objects and unique within this memory.
	uint16_t id = (uint16_t)(0x8000 + debug->main.memory->split_files++);

	file->dwarf = (struct rcgo_dwarf){.memory = debug->main.memory,
		.elf = &file->elf,
		.big = file->elf.big,
		.split = true,
		.id = id};
}

static struct rcgo_dwarf *
split_package(struct rcgo_debug *debug)
{
	struct rcgo_arena *keep = debug->main.memory->keep;

	if (!debug->package_known) {
		struct rcgo_debug_split *file = rcgo__arena_zalloc(keep, sizeof *file);

		debug->package_known = true;
		if (file != NULL && debug->path != NULL &&
			rcgo__debugfile_dwp(
				debug->path, debug->main.elf->owner, keep, &file->elf) == 0) {
			split_dwarf(debug, file);
			debug->package = file;
		}
	}
	return debug->package == NULL ? NULL : &debug->package->dwarf;
}

// Opens the .dwo file of a skeleton. An absent file is remembered too.
static struct rcgo_debug_split *
split_file(struct rcgo_debug *debug, const struct rcgo_unit *skeleton)
{
	struct rcgo_arena *keep = debug->main.memory->keep;
	struct rcgo_debug_split *file;

	for (file = debug->splits; file != NULL; file = file->next) {
		if (file->id == skeleton->id) {
			return file;
		}
	}
	file = rcgo__arena_zalloc(keep, sizeof *file);
	if (file == NULL) {
		return NULL;
	}
	file->id = skeleton->id;
	file->next = debug->splits;
	debug->splits = file;
	if (rcgo__debugfile_dwo(debug->path == NULL ? "" : debug->path, skeleton->directory,
		    skeleton->split_name, debug->main.elf->owner, keep, &file->elf) == 0) {
		split_dwarf(debug, file);
	}
	return file;
}

struct rcgo_unit *
rcgo__debug_split(struct rcgo_debug *debug, struct rcgo_unit *unit)
{
	struct rcgo_unit *split = unit + 1; // rcgo__debug_unit reserves this space
	struct rcgo_debug_split *file;
	struct rcgo_dwarf *package;

	if (unit->split_name == NULL || !unit->has_id) {
		return unit;
	}
	if (split->dwarf != NULL && split->skeleton == unit) {
		split->abbrevs = NULL;
		return split;
	}
	package = split_package(debug);
	if (package != NULL && split_from_package(package, unit, split)) {
		return split;
	}
	file = split_file(debug, unit);
	if (file != NULL && file->dwarf.memory != NULL &&
		split_from_file(&file->dwarf, unit, split)) {
		return split;
	}
	split->dwarf = NULL;
	return unit;
}

void
rcgo__debug_close(struct rcgo_debug *debug)
{
	for (struct rcgo_debug_split *file = debug->splits; file != NULL; file = file->next) {
		rcgo__elf_close(&file->elf);
	}
	if (debug->package != NULL) {
		rcgo__elf_close(&debug->package->elf);
	}
}
