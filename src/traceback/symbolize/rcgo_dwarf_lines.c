// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: line tables, kept in the cache whole, or without rows and run anew for each
// address. Runs on any stack.

#include "rcgo_dwarf_line.h"

#include <string.h>

static size_t
lines_names_size(const struct rcgo_lines *counts)
{
	return counts->directory_count * sizeof(const char *) +
	       counts->file_count * sizeof(struct rcgo_line_file);
}

// Runs the program for all its rows into scratch memory. Returns whether they fitted.
static bool
lines_collect(const struct rcgo_unit *unit, const struct rcgo_line_header *header,
	struct rcgo_line_run *run)
{
	struct rcgo_arena *scratch = &unit->dwarf->memory->scratch;
	// No byte makes two rows, and the end of a sequence takes three.
	size_t bytes = rcgo__reader_left(&header->program);

	if (bytes > UINT32_MAX - 16) {
		return false;
	}
	*run = (struct rcgo_line_run){
		.row_room = (uint32_t)bytes + 1, .span_room = (uint32_t)(bytes / 3) + 1};
	run->rows = rcgo__arena_alloc(scratch, run->row_room * sizeof *run->rows);
	run->spans = rcgo__arena_alloc(scratch, run->span_room * sizeof *run->spans);
	return run->rows != NULL && run->spans != NULL && rcgo__line_run(unit->dwarf, header, run);
}

// Copies the rows in the order of their sequences.
static void
lines_fill(struct rcgo_lines *lines, const struct rcgo_line_run *run)
{
	struct rcgo_span *spans = rcgo__lines_spans(lines);
	struct rcgo_line_row *rows = rcgo__lines_rows(lines);
	uint32_t at = 0;

	memcpy(spans, run->spans, run->span_count * sizeof *spans);
	for (uint32_t i = 0; i < run->span_count; i++) {
		uint32_t from = spans[i].value;

		spans[i].value = at;
		// A sequence ends at the row that has its end; others may share that address.
		for (;;) {
			rows[at] = run->rows[from++];
			if (rows[at++].address >= spans[i].high) {
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
	      rcgo__spans_sort(run.spans, run.span_count, &memory->scratch);
	size = sizeof *out + lines_names_size(&counts);
	if (all) {
		counts.rows = true;
		counts.span_count = run.span_count;
		size += run.span_count * sizeof *run.spans + run.row_count * sizeof *run.rows;
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
	const struct rcgo_span *spans = rcgo__lines_spans(lines);
	const struct rcgo_line_row *rows = rcgo__lines_rows(lines);
	uint32_t span = rcgo__spans_find(spans, lines->span_count, address);
	uint32_t low, high;

	if (span == RCGO_SPAN_NONE) {
		return false;
	}
	low = spans[span].value;
	high = span + 1 < lines->span_count ? spans[span + 1].value : lines->row_count;
	// The last that begins at address or before: there is one, for the span begins at a row.
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
