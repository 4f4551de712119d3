// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the header of a line table, its directories and files. Runs on any stack.

#include "rcgo_dwarf_line.h"

#include <string.h>

#define NAMES_MAX 0xfffff // as a row can number them

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
		rcgo__reader_skip(&c, 1); // size of segment selectors, which nobody has
	}
	length = rcgo__reader_word(&c, encoding->offset_size);
	header->tables = rcgo__reader_part(&c, length);
	header->program = c;
	c = header->tables;
	header->min_length = (uint8_t)rcgo__reader_word(&c, 1);
	header->max_ops = encoding->version >= 4 ? (uint8_t)rcgo__reader_word(&c, 1) : 1;
	rcgo__reader_skip(&c, 1); // whether rows are statements at first
	header->line_base = (int8_t)rcgo__reader_word(&c, 1);
	header->line_range = (uint8_t)rcgo__reader_word(&c, 1);
	header->opcode_base = (uint8_t)rcgo__reader_word(&c, 1);
	header->lengths = c.at;
	rcgo__reader_skip(&c, header->opcode_base > 0 ? header->opcode_base - 1U : 0);
	header->tables = c;
	if (header->max_ops == 0) {
		header->max_ops = 1;
	}
	return !c.bad && !header->program.bad && encoding->version >= 2 && encoding->version <= 5 &&
	       header->line_range != 0 && header->opcode_base != 0 &&
	       (encoding->address_size == 4 || encoding->address_size == 8);
}

// Versions 2 to 4: number 0 stands for the unit's own directory and file.
static void
line_names_old(struct rcgo_reader c, struct rcgo_lines *lines, bool fill)
{
	// A file may be changed while it is read: no more than there is room for.
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

// One entry of a table of version 5, as its formats say.
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

// Version 5 writes both tables in one way. Returns how many entries there are.
static uint32_t
line_table(const struct rcgo_unit *unit, const struct rcgo_encoding *encoding,
	struct rcgo_reader *c, const char **names, struct rcgo_line_file *files, uint32_t room)
{
	unsigned format_count = (unsigned)rcgo__reader_word(c, 1);
	struct rcgo_reader formats = *c;
	uint64_t count;
	uint32_t n = 0;

	for (unsigned i = 0; i < 2 * format_count; i++) {
		rcgo__reader_uleb(c);
	}
	formats.end = c->at;
	count = rcgo__reader_uleb(c);
	if (format_count == 0 || count > NAMES_MAX ||
		!rcgo__dwarf_charge(unit->dwarf, count * format_count)) {
		return 0;
	}
	count = count < room ? count : room;
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
	// The counts stay as they were when the room was measured.
	uint32_t directories = line_table(unit, &header->encoding, &c,
		fill ? rcgo__lines_directories(lines) : NULL, NULL,
		fill ? lines->directory_count : NAMES_MAX);
	uint32_t files = line_table(unit, &header->encoding, &c, NULL,
		fill ? rcgo__lines_files(lines) : NULL, fill ? lines->file_count : NAMES_MAX);

	lines->directory_count = directories;
	lines->file_count = files;
}

// Appends part, with a / before it unless it is the first.
static void
line_append(struct rcgo_line_text *text, size_t from, const char *part)
{
	size_t size = strlen(part);
	bool slash =
		text->used > from && text->used < text->size && text->at[text->used - 1] != '/';

	if (text->used >= text->size || size + slash + 1 > text->size - text->used) {
		text->used = text->size + 1; // no room
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
