// SPDX-License-Identifier: BSD-3-Clause
// Line tables. They are cached whole, or without rows; without rows the line program runs again for
// each address. Runs on any stack, also in signal handlers.

#include "dwarf_line.h"

#include <string.h>

static size_t
lines_names_size(const struct rcgo_lines *counts)
{
	return counts->directory_count * sizeof(const char *) +
	       counts->file_count * sizeof(struct rcgo_line_file);
}

// Runs the line program and stores all rows in scratch memory. Returns whether they fit.
static bool
lines_collect(const struct rcgo_unit *unit, const struct rcgo_line_header *header,
	struct rcgo_line_run *run)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	// A byte emits at most one row, and the end of a sequence takes three bytes.
	size_t bytes = rcgo__reader_left(&header->program);

	if (bytes > UINT32_MAX - 16) {
		return false;
	}
	*run = (struct rcgo_line_run){
		.row_capacity = (uint32_t)bytes + 1, .range_capacity = (uint32_t)(bytes / 3) + 1};
	run->rows = rcgo__arena_alloc(scratch, run->row_capacity * sizeof *run->rows);
	run->ranges = rcgo__arena_alloc(scratch, run->range_capacity * sizeof *run->ranges);
	return run->rows != NULL && run->ranges != NULL && rcgo__line_run(unit->dwarf, header, run);
}

// Copies the rows in the order of their sequences.
static void
lines_fill(struct rcgo_lines *lines, const struct rcgo_line_run *run)
{
	struct rcgo_pc_range *ranges = rcgo__lines_ranges(lines);
	struct rcgo_line_row *rows = rcgo__lines_rows(lines);
	uint32_t at = 0;

	memcpy(ranges, run->ranges, run->range_count * sizeof *ranges);
	for (uint32_t i = 0; i < run->range_count; i++) {
		uint32_t from = ranges[i].value;

		ranges[i].value = at;
		// A sequence ends at the row with its end address. Other rows may share that
		// address.
		for (;;) {
			rows[at] = run->rows[from++];
			if (rows[at++].address >= ranges[i].high) {
				break;
			}
		}
	}
	lines->row_count = at;
}

struct rcgo_lines *
rcgo__lines_get(const struct rcgo_unit *unit, bool all)
{
	struct rcgo_dwarf_memory *memory = unit->dwarf->memory;
	struct rcgo_lines counts = {0};
	struct rcgo_line_run run = {0};
	struct rcgo_line_header *header;
	struct rcgo_lines *out;
	size_t size;

	if (!unit->has_lines) {
		return NULL;
	}
	out = rcgo__cache_get(&memory->cache, RCGO_CACHE_LINES, unit->dwarf->id, unit->lines);
	if (out != NULL) {
		return out;
	}
	header = rcgo__arena_alloc(&memory->scratch, sizeof *header);
	if (header == NULL || !rcgo__line_header_read(unit, header)) {
		return NULL;
	}
	rcgo__line_names(unit, header, &counts, false);
	all = all && rcgo__reader_left(&header->program) / 2 < memory->cache.cap &&
	      lines_collect(unit, header, &run) &&
	      rcgo__pc_ranges_sort(run.ranges, run.range_count, &memory->scratch);
	size = sizeof *out + lines_names_size(&counts);
	if (all) {
		counts.rows = true;
		counts.range_count = run.range_count;
		size += run.range_count * sizeof *run.ranges + run.row_count * sizeof *run.rows;
		out = rcgo__cache_put(
			&memory->cache, RCGO_CACHE_LINES, unit->dwarf->id, unit->lines, size);
	}
	if (out == NULL) {
		out = rcgo__arena_alloc(&memory->scratch, size);
	}
	if (out != NULL) {
		*out = counts;
		rcgo__line_names(unit, header, out, true);
		if (all) {
			lines_fill(out, &run);
		}
	}
	return out;
}

static bool
lines_search(struct rcgo_lines *lines, uint64_t address, struct rcgo_line_row *row)
{
	const struct rcgo_pc_range *ranges = rcgo__lines_ranges(lines);
	const struct rcgo_line_row *rows = rcgo__lines_rows(lines);
	uint32_t range = rcgo__pc_ranges_find(ranges, lines->range_count, address);
	uint32_t low, high;

	if (range == RCGO_PC_RANGE_NONE) {
		return false;
	}
	low = ranges[range].value;
	high = range + 1 < lines->range_count ? ranges[range + 1].value : lines->row_count;
	// Find the last row that starts at or before address. There is one, because the range
	// starts at a row.
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (rows[middle].address <= address) {
			low = middle;
		} else {
			high = middle;
		}
	}
	*row = rows[low];
	return true;
}

bool
rcgo__lines_find(const struct rcgo_unit *unit, struct rcgo_lines *lines, uint64_t address,
	struct rcgo_line_row *row)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	struct rcgo_line_run run = {.address = address};
	struct rcgo_line_header *header;

	if (lines->rows) {
		return lines_search(lines, address, row);
	}
	header = rcgo__arena_alloc(scratch, sizeof *header);
	if (header == NULL || !rcgo__line_header_read(unit, header) ||
		!rcgo__line_run(unit->dwarf, header, &run)) {
		return false;
	}
	*row = run.found;
	return true;
}

// The header of a line table, its directories and files.

#define NAMES_MAX 0xfffff // the largest number that fits a row

bool
rcgo__line_header_read(const struct rcgo_unit *unit, struct rcgo_line_header *header)
{
	struct rcgo_bytes section = rcgo__dwarf_section(unit->dwarf, RCGO_DW_LINE);
	struct rcgo_encoding *encoding = &header->encoding;
	struct rcgo_reader c;
	uint64_t length;

	*header = (struct rcgo_line_header){.encoding = unit->encoding};
	c = rcgo__reader_make(rcgo__bytes_from(section, unit->lines), encoding->big);
	length = rcgo__reader_length(&c, &encoding->offset_size);
	c = rcgo__reader_part(&c, length);
	encoding->version = (uint16_t)rcgo__reader_word(&c, 2);
	if (encoding->version >= 5) {
		encoding->address_size = (uint8_t)rcgo__reader_word(&c, 1);
		rcgo__reader_skip(&c, 1); // size of segment selectors, which are not in use
	}
	length = rcgo__reader_word(&c, encoding->offset_size);
	header->tables = rcgo__reader_part(&c, length);
	header->program = c;
	c = header->tables;
	header->min_length = (uint8_t)rcgo__reader_word(&c, 1);
	header->max_ops = encoding->version >= 4 ? (uint8_t)rcgo__reader_word(&c, 1) : 1;
	rcgo__reader_skip(&c, 1); // initial value of is_stmt
	header->line_base = (int8_t)rcgo__reader_word(&c, 1);
	header->line_range = (uint8_t)rcgo__reader_word(&c, 1);
	header->opcode_base = (uint8_t)rcgo__reader_word(&c, 1);
	length = header->opcode_base > 0 ? header->opcode_base - 1U : 0;
	rcgo__reader_has(&c, length);
	header->lengths = c.at;
	rcgo__reader_skip(&c, length);
	header->tables = c;
	if (header->max_ops == 0) {
		header->max_ops = 1;
	}
	return !c.bad && !header->program.bad && encoding->version >= 2 && encoding->version <= 5 &&
	       header->line_range != 0 && header->opcode_base != 0 &&
	       (encoding->address_size == 4 || encoding->address_size == 8);
}

// Reads the tables of versions 2 to 4. Number 0 means the unit's own directory and file.
static void
line_names_old(struct rcgo_reader c, struct rcgo_lines *lines, bool fill)
{
	// The file may be modified while it is read: do not exceed the allocated counts.
	uint32_t directory_max = fill ? lines->directory_count : NAMES_MAX;
	uint32_t file_max = fill ? lines->file_count : NAMES_MAX;
	const char **directories = rcgo__lines_directories(lines);
	struct rcgo_line_file *files = rcgo__lines_files(lines);
	uint32_t n = 1;
	const char *name;

	if (fill) {
		directories[0] = NULL;
		files[0] = (struct rcgo_line_file){0};
	}
	for (; (name = rcgo__reader_string(&c)) != NULL && name[0] != 0 && n < directory_max; n++) {
		if (fill) {
			directories[n] = name;
		}
	}
	lines->directory_count = n;
	for (n = 1; (name = rcgo__reader_string(&c)) != NULL && name[0] != 0 && n < file_max; n++) {
		uint64_t directory = rcgo__reader_uleb(&c);

		rcgo__reader_uleb(&c); // time
		rcgo__reader_uleb(&c); // size
		if (fill) {
			files[n] = (struct rcgo_line_file){.name = name,
				.directory =
					directory > UINT32_MAX ? UINT32_MAX : (uint32_t)directory};
		}
	}
	lines->file_count = n;
}

// Reads one entry of a version 5 table according to its formats.
static struct rcgo_line_file
line_entry(const struct rcgo_unit *unit, const struct rcgo_encoding *encoding,
	struct rcgo_reader *c, struct rcgo_reader formats, unsigned format_count)
{
	struct rcgo_line_file out = {0};

	for (unsigned i = 0; i < format_count; i++) {
		uint64_t content = rcgo__reader_uleb(&formats);
		uint8_t form = rcgo__form_code(rcgo__reader_uleb(&formats));
		struct rcgo_value value;

		if (form == 0 || form == DW_FORM_implicit_const) {
			c->bad = true;
			return out;
		}
		value = rcgo__form_read(c, form, 0, encoding);
		if (content == DW_LNCT_path) {
			out.name = rcgo__value_text(unit, &value);
		} else if (content == DW_LNCT_directory_index) {
			out.directory = value.u > UINT32_MAX ? UINT32_MAX : (uint32_t)value.u;
		}
	}
	return out;
}

// Reads a version 5 table; directories and files have the same encoding. Returns the number of
// entries.
static uint32_t
line_table(const struct rcgo_unit *unit, const struct rcgo_encoding *encoding,
	struct rcgo_reader *c, const char **names, struct rcgo_line_file *files, uint32_t capacity)
{
	unsigned format_count = (unsigned)rcgo__reader_word(c, 1);
	struct rcgo_reader formats = *c;
	uint64_t count;
	uint32_t n = 0;

	for (unsigned i = 0; i < 2 * format_count; i++) {
		rcgo__reader_uleb(c);
	}
	formats = rcgo__reader_part(&formats, (uint64_t)(c->at - formats.at));
	count = rcgo__reader_uleb(c);
	if (format_count == 0 || count > NAMES_MAX ||
		!rcgo__dwarf_charge(unit->dwarf, count * format_count)) {
		return 0;
	}
	count = count < capacity ? count : capacity;
	for (; n < count && rcgo__reader_left(c) > 0; n++) {
		struct rcgo_line_file entry = line_entry(unit, encoding, c, formats, format_count);

		if (c->bad) {
			break;
		}
		if (names != NULL) {
			names[n] = entry.name;
		}
		if (files != NULL) {
			files[n] = entry;
		}
	}
	return n;
}

void
rcgo__line_names(const struct rcgo_unit *unit, const struct rcgo_line_header *header,
	struct rcgo_lines *lines, bool fill)
{
	struct rcgo_reader c = header->tables;

	lines->version = header->encoding.version;
	if (header->encoding.version < 5) {
		line_names_old(c, lines, fill);
		return;
	}
	// Keep the counts that the allocation was based on.
	uint32_t directories = line_table(unit, &header->encoding, &c,
		fill ? rcgo__lines_directories(lines) : NULL, NULL,
		fill ? lines->directory_count : NAMES_MAX);
	uint32_t files = line_table(unit, &header->encoding, &c, NULL,
		fill ? rcgo__lines_files(lines) : NULL, fill ? lines->file_count : NAMES_MAX);

	lines->directory_count = directories;
	lines->file_count = files;
}

// Appends part, preceded by a / unless it is the first part.
static void
line_append(struct rcgo_line_text *text, size_t from, const char *part)
{
	size_t size = strlen(part);
	bool slash =
		text->used > from && text->used < text->size && text->at[text->used - 1] != '/';

	if (text->used >= text->size || size + slash + 1 > text->size - text->used) {
		text->used = text->size + 1; // no space
		return;
	}
	if (slash) {
		text->at[text->used++] = '/';
	}
	memcpy(text->at + text->used, part, size);
	text->used += size;
}

const char *
rcgo__lines_path(const struct rcgo_unit *unit, struct rcgo_lines *lines, uint32_t file,
	struct rcgo_line_text *text)
{
	bool own = file == 0 && lines->version < 5;
	struct rcgo_line_file entry = {0};
	const char *directory = NULL;
	size_t from = text->used;

	if (own) {
		entry.name = unit->name;
	} else if (file < lines->file_count) {
		entry = rcgo__lines_files(lines)[file];
	}
	if (entry.name == NULL || entry.name[0] == 0) {
		return NULL;
	}
	if (entry.name[0] != '/') {
		if (!own && entry.directory < lines->directory_count) {
			directory = rcgo__lines_directories(lines)[entry.directory];
		}
		if ((directory == NULL || directory[0] != '/') && unit->directory != NULL) {
			line_append(text, from, unit->directory);
		}
		if (directory != NULL) {
			line_append(text, from, directory);
		}
	}
	line_append(text, from, entry.name);
	if (text->used >= text->size) {
		text->used = from;
		return entry.name;
	}
	text->at[text->used++] = 0;
	return text->at + from;
}

// The state machine that runs a line program and emits the rows of a line table.

struct line_machine {
	const struct rcgo_line_header *header;
	struct rcgo_line_run *run;
	uint64_t address;
	uint32_t op_index; // for VLIW machines
	uint32_t line, file, column, discriminator;
	// The current sequence.
	struct rcgo_line_row last;
	uint64_t low; // its first address
	uint32_t first_row;
	bool open; // has rows
	bool done; // the row was found, or there is no space
};

static void
line_reset(struct line_machine *m)
{
	m->address = 0;
	m->op_index = 0;
	m->line = 1;
	m->file = 1;
	m->column = 0;
	m->discriminator = 0;
	m->open = false;
	m->first_row = m->run->row_count;
}

static void
line_advance(struct line_machine *m, uint64_t ops)
{
	const struct rcgo_line_header *header = m->header;

	if (header->max_ops == 1) {
		m->address += ops * header->min_length;
		return;
	}
	ops += m->op_index;
	m->address += ops / header->max_ops * header->min_length;
	m->op_index = (uint32_t)(ops % header->max_ops);
}

static struct rcgo_line_row
line_row(const struct line_machine *m)
{
	return (struct rcgo_line_row){.address = m->address,
		.line = m->line > 0xffffff ? 0xffffff : m->line,
		.discriminator = m->discriminator > 0xff ? 0xff : m->discriminator,
		.file = m->file > 0xfffff ? 0xfffff : m->file,
		.column = m->column > 0xfff ? 0xfff : m->column};
}

static void
line_collect(struct line_machine *m, bool end)
{
	struct rcgo_line_run *run = m->run;
	struct rcgo_line_row row = line_row(m);

	if (m->open && !end) {
		// Of several rows at one address, the last one counts. A row that equals its
		// predecessor is dropped.
		if (m->last.address == row.address) {
			run->row_count--;
		} else if (m->last.line == row.line && m->last.file == row.file &&
			   m->last.column == row.column &&
			   m->last.discriminator == row.discriminator) {
			return;
		}
	}
	if (run->row_count == run->row_capacity) {
		m->done = true;
		return;
	}
	run->rows[run->row_count++] = row;
	m->last = row;
}

// Returns whether the rows so far belong to code that the linker kept.
static bool
line_is_live(const struct line_machine *m)
{
	uint64_t top = m->header->encoding.address_size == 4 ? UINT32_MAX : UINT64_MAX;

	return m->low != 0 && m->low < top - 1;
}

static void
line_emit(struct line_machine *m, bool end)
{
	struct rcgo_line_run *run = m->run;

	if (!m->open) {
		m->low = m->address;
	}
	if (run->rows != NULL) {
		line_collect(m, end);
	} else {
		if (m->open && m->last.address <= run->address && run->address < m->address &&
			line_is_live(m)) {
			run->found = m->last;
			m->done = true;
			return;
		}
		m->last = line_row(m);
	}
	m->open = true;
	m->discriminator = 0;
}

static void
line_end(struct line_machine *m)
{
	struct rcgo_line_run *run = m->run;

	line_emit(m, true);
	if (run->rows != NULL && !m->done) {
		if (!line_is_live(m) || m->low >= m->address) {
			run->row_count = m->first_row;
		} else if (run->range_count == run->range_capacity) {
			m->done = true;
		} else {
			run->ranges[run->range_count++] = (struct rcgo_pc_range){
				.low = m->low, .high = m->address, .value = m->first_row};
		}
	}
	line_reset(m);
}

static void
line_extended(struct line_machine *m, struct rcgo_reader *c)
{
	struct rcgo_reader op = rcgo__reader_part(c, rcgo__reader_uleb(c));
	size_t size;

	switch (rcgo__reader_word(&op, 1)) {
	case DW_LNE_end_sequence:
		line_end(m);
		break;
	case DW_LNE_set_address:
		size = rcgo__reader_left(&op);
		m->address = size <= 8 ? rcgo__reader_word(&op, (unsigned)size) : 0;
		m->op_index = 0;
		break;
	case DW_LNE_set_discriminator:
		m->discriminator = (uint32_t)rcgo__reader_uleb(&op);
		break;
	}
}

static void
line_standard(struct line_machine *m, struct rcgo_reader *c, uint8_t op)
{
	const struct rcgo_line_header *header = m->header;

	switch (op) {
	case DW_LNS_extended_op:
		line_extended(m, c);
		break;
	case DW_LNS_copy:
		line_emit(m, false);
		break;
	case DW_LNS_advance_pc:
		line_advance(m, rcgo__reader_uleb(c));
		break;
	case DW_LNS_advance_line:
		m->line += (uint32_t)rcgo__reader_sleb(c);
		break;
	case DW_LNS_set_file:
		m->file = (uint32_t)rcgo__reader_uleb(c);
		break;
	case DW_LNS_set_column:
		m->column = (uint32_t)rcgo__reader_uleb(c);
		break;
	case DW_LNS_negate_stmt:
	case DW_LNS_set_basic_block:
	case DW_LNS_set_prologue_end:
	case DW_LNS_set_epilogue_begin:
		break;
	case DW_LNS_const_add_pc:
		line_advance(m, (255U - header->opcode_base) / header->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		m->address += rcgo__reader_word(c, 2);
		m->op_index = 0;
		break;
	default: // an opcode of a later version: the header gives its operand count
		for (unsigned n = header->lengths[op - 1]; n > 0; n--) {
			rcgo__reader_uleb(c);
		}
	}
}

bool
rcgo__line_run(
	struct rcgo_dwarf *dwarf, const struct rcgo_line_header *header, struct rcgo_line_run *run)
{
	struct rcgo_reader c = header->program;
	struct line_machine m = {.header = header, .run = run};

	if (!rcgo__dwarf_charge(dwarf, rcgo__reader_left(&c) / 4)) {
		return false;
	}
	line_reset(&m);
	while (!m.done && rcgo__reader_has(&c, 1)) {
		uint8_t op = *c.at++;

		if (op >= header->opcode_base) {
			unsigned adjusted = op - header->opcode_base;

			line_advance(&m, adjusted / header->line_range);
			m.line += (uint32_t)(header->line_base +
					     (int)(adjusted % header->line_range));
			line_emit(&m, false);
		} else {
			line_standard(&m, &c, op);
		}
	}
	return run->rows != NULL ? !m.done : m.done;
}
