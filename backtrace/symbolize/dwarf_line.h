// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: line tables, .debug_line of versions 2 to 5.
#ifndef RCGO_DWARF_LINE_H
#define RCGO_DWARF_LINE_H

#include "dwarf_inline.h"
#include "dwarf_unit.h"

struct rcgo_line_file {
	const char *name; // NULL when unknown
	uint32_t directory;
};

struct rcgo_line_row {
	uint64_t address;
	uint32_t line : 24;
	uint32_t discriminator : 8; // tells blocks of one line apart
	uint32_t file : 20;
	uint32_t column : 12;
};

// The tables of a unit: names, and with rows also what the program made: spans are sequences of
// rows, and a span's value is its first row. Its last row only says where it ends.
struct rcgo_lines {
	_Alignas(8) uint32_t directory_count;
	uint32_t file_count, range_count, row_count;
	uint16_t version;
	bool rows;
	// directory_count pointers, files, spans and rows follow
};

static inline const char **
rcgo__lines_directories(struct rcgo_lines *lines)
{
	return (const char **)(lines + 1);
}

static inline struct rcgo_line_file *
rcgo__lines_files(struct rcgo_lines *lines)
{
	return (struct rcgo_line_file *)(rcgo__lines_directories(lines) + lines->directory_count);
}

static inline struct rcgo_pc_range *
rcgo__lines_ranges(struct rcgo_lines *lines)
{
	return (struct rcgo_pc_range *)(rcgo__lines_files(lines) + lines->file_count);
}

static inline struct rcgo_line_row *
rcgo__lines_rows(struct rcgo_lines *lines)
{
	return (struct rcgo_line_row *)(rcgo__lines_ranges(lines) + lines->range_count);
}

// The header of a program.
struct rcgo_line_header {
	struct rcgo_encoding encoding;
	struct rcgo_reader tables, program;
	const uint8_t *lengths; // opcode_base - 1 of them
	uint8_t min_length, max_ops, line_range, opcode_base;
	int8_t line_base;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__line_header_read(
	const struct rcgo_unit *unit, struct rcgo_line_header *header);

// Runs the program. With rows it leaves them and their sequences there, as many as fit; else it
// looks for the row of address. Returns whether there was one.
struct rcgo_line_run {
	uint64_t address;
	struct rcgo_line_row found;
	struct rcgo_line_row *rows; // NULL to look for address
	struct rcgo_pc_range *ranges;
	uint32_t row_count, row_room, range_count, range_capacity;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__line_run(
	struct rcgo_dwarf *dwarf, const struct rcgo_line_header *header, struct rcgo_line_run *run);

// Fills in directories and files, whose counts lines holds, or counts them when fill is false.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__line_names(const struct rcgo_unit *unit,
	const struct rcgo_line_header *header, struct rcgo_lines *lines, bool fill);

// The tables of unit; with rows if all is set and they fit. NULL without any.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_lines *rcgo__lines_get(const struct rcgo_unit *unit, bool all);

// Finds the row of address. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__lines_find(const struct rcgo_unit *unit, struct rcgo_lines *lines,
	uint64_t address, struct rcgo_line_row *row);

// Where texts are put, one behind the other.
struct rcgo_line_text {
	char *at;
	size_t size, used;
};

// The path of a file by its number: put together in text, or only its name when there is no room.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__lines_path(const struct rcgo_unit *unit, struct rcgo_lines *lines,
	uint32_t file, struct rcgo_line_text *text);

#endif // RCGO_DWARF_LINE_H
