// SPDX-License-Identifier: BSD-3-Clause
// dwarf_line.h: line tables, .debug_line of DWARF 2 to 5.
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
	uint32_t discriminator : 8; // distinguishes blocks of one line
	uint32_t file : 20;
	uint32_t column : 12;
};

// The line table of a unit: directories and files. If rows is set, also the rows of the line
// program. The ranges are its sequences; the value of a range is the index of its first row. The
// last row of a sequence only marks its end.
struct rcgo_lines {
	_Alignas(8) uint32_t directory_count;
	uint32_t file_count, range_count, row_count;
	uint16_t version;
	bool rows;
	// directory_count pointers, files, ranges and rows follow
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

// The header of a line program.
struct rcgo_line_header {
	struct rcgo_encoding encoding;
	struct rcgo_reader tables, program;
	const uint8_t *lengths; // opcode_base - 1 entries
	uint8_t min_length, max_ops, line_range, opcode_base;
	int8_t line_base;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__line_header_read(
	const struct rcgo_unit *unit, struct rcgo_line_header *header);

// A run of a line program. With rows, it stores the rows and their sequences, as many as fit.
// Without rows, it searches for the row of address. rcgo__line_run returns whether there was a row.
struct rcgo_line_run {
	uint64_t address;
	struct rcgo_line_row found;
	struct rcgo_line_row *rows; // NULL to search for address
	struct rcgo_pc_range *ranges;
	uint32_t row_count, row_capacity, range_count, range_capacity;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__line_run(
	struct rcgo_dwarf *dwarf, const struct rcgo_line_header *header, struct rcgo_line_run *run);

// Fills in directories and files if fill is set; lines holds their counts. Otherwise only counts
// them.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__line_names(const struct rcgo_unit *unit,
	const struct rcgo_line_header *header, struct rcgo_lines *lines, bool fill);

// Returns the line table of unit, with rows if all is set and they fit in the cache. Returns NULL
// if there is none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_lines *rcgo__lines_get(const struct rcgo_unit *unit, bool all);

// Finds the row of address. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__lines_find(const struct rcgo_unit *unit, struct rcgo_lines *lines,
	uint64_t address, struct rcgo_line_row *row);

// A buffer to which strings are appended, one after the other.
struct rcgo_line_text {
	char *at;
	size_t size, used;
};

// Returns the path of the file with this number. The path is built in text. If there is no space,
// returns only the file name.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__lines_path(const struct rcgo_unit *unit, struct rcgo_lines *lines,
	uint32_t file, struct rcgo_line_text *text);

#endif // RCGO_DWARF_LINE_H
