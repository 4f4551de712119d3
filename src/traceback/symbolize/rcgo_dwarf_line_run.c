// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: line programs: the machine that makes the rows of a line table. Runs on any
// stack.

#include "rcgo_dwarf_line.h"

struct line_machine {
	const struct rcgo_line_header *header;
	struct rcgo_line_run *run;
	uint64_t address;
	uint32_t op_index; // of VLIW machines
	uint32_t line, file, column, discriminator;
	// the sequence at hand
	struct rcgo_line_row last;
	uint64_t low; // its first address
	uint32_t first_row;
	bool open; // has rows
	bool done; // the row was found, or there is no room
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
		// Of rows with one address the last counts; a row that says nothing new is no row.
		if (m->last.address == row.address) {
			run->row_count--;
		} else if (m->last.line == row.line && m->last.file == row.file &&
			   m->last.column == row.column &&
			   m->last.discriminator == row.discriminator) {
			return;
		}
	}
	if (run->row_count == run->row_room) {
		m->done = true;
		return;
	}
	run->rows[run->row_count++] = row;
	m->last = row;
}

// Whether the rows so far are of code that the linker kept.
static bool
line_alive(const struct line_machine *m)
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
			line_alive(m)) {
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
		if (!line_alive(m) || m->low >= m->address) {
			run->row_count = m->first_row;
		} else if (run->span_count == run->span_room) {
			m->done = true;
		} else {
			run->spans[run->span_count++] = (struct rcgo_span){
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
	default: // one of later versions: the header says how many operands it has
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
	while (c.at < c.end && !m.done) {
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
