// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the forms in which DWARF writes values. Runs on any stack.

#include "rcgo_dwarf.h"

// What a form holds: its size, which may depend on the unit, and what the value is.
enum { SIZE_VARIES = 0xff, SIZE_ADDRESS = 0xfe, SIZE_OFFSET = 0xfd, SIZE_REF_ADDR = 0xfc };

struct form {
	uint8_t size;
	uint8_t kind; // enum rcgo_value_kind
};

static const struct form form_table[RCGO_FORM_COUNT] = {
	[DW_FORM_addr] = {SIZE_ADDRESS, RCGO_VALUE_ADDRESS},
	[DW_FORM_block2] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_block4] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_data2] = {2, RCGO_VALUE_CONST},
	[DW_FORM_data4] = {4, RCGO_VALUE_CONST},
	[DW_FORM_data8] = {8, RCGO_VALUE_CONST},
	[DW_FORM_string] = {SIZE_VARIES, RCGO_VALUE_TEXT},
	[DW_FORM_block] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_block1] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_data1] = {1, RCGO_VALUE_CONST},
	[DW_FORM_flag] = {1, RCGO_VALUE_CONST},
	[DW_FORM_sdata] = {SIZE_VARIES, RCGO_VALUE_CONST},
	[DW_FORM_strp] = {SIZE_OFFSET, RCGO_VALUE_STR},
	[DW_FORM_udata] = {SIZE_VARIES, RCGO_VALUE_CONST},
	[DW_FORM_ref_addr] = {SIZE_REF_ADDR, RCGO_VALUE_REF},
	[DW_FORM_ref1] = {1, RCGO_VALUE_REF},
	[DW_FORM_ref2] = {2, RCGO_VALUE_REF},
	[DW_FORM_ref4] = {4, RCGO_VALUE_REF},
	[DW_FORM_ref8] = {8, RCGO_VALUE_REF},
	[DW_FORM_ref_udata] = {SIZE_VARIES, RCGO_VALUE_REF},
	[DW_FORM_indirect] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_sec_offset] = {SIZE_OFFSET, RCGO_VALUE_SECTION},
	[DW_FORM_exprloc] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_flag_present] = {0, RCGO_VALUE_CONST},
	[DW_FORM_strx] = {SIZE_VARIES, RCGO_VALUE_STR_INDEX},
	[DW_FORM_addrx] = {SIZE_VARIES, RCGO_VALUE_ADDRESS_INDEX},
	[DW_FORM_ref_sup4] = {4, RCGO_VALUE_REF_COMMON},
	[DW_FORM_strp_sup] = {SIZE_OFFSET, RCGO_VALUE_STR_COMMON},
	[DW_FORM_data16] = {16, RCGO_VALUE_NONE},
	[DW_FORM_line_strp] = {SIZE_OFFSET, RCGO_VALUE_LINE_STR},
	[DW_FORM_ref_sig8] = {8, RCGO_VALUE_NONE},
	[DW_FORM_implicit_const] = {0, RCGO_VALUE_CONST},
	[DW_FORM_loclistx] = {SIZE_VARIES, RCGO_VALUE_NONE},
	[DW_FORM_rnglistx] = {SIZE_VARIES, RCGO_VALUE_RANGES_INDEX},
	[DW_FORM_ref_sup8] = {8, RCGO_VALUE_REF_COMMON},
	[DW_FORM_strx1] = {1, RCGO_VALUE_STR_INDEX},
	[DW_FORM_strx2] = {2, RCGO_VALUE_STR_INDEX},
	[DW_FORM_strx3] = {3, RCGO_VALUE_STR_INDEX},
	[DW_FORM_strx4] = {4, RCGO_VALUE_STR_INDEX},
	[DW_FORM_addrx1] = {1, RCGO_VALUE_ADDRESS_INDEX},
	[DW_FORM_addrx2] = {2, RCGO_VALUE_ADDRESS_INDEX},
	[DW_FORM_addrx3] = {3, RCGO_VALUE_ADDRESS_INDEX},
	[DW_FORM_addrx4] = {4, RCGO_VALUE_ADDRESS_INDEX},
	[RCGO_FORM_GNU_addr_index] = {SIZE_VARIES, RCGO_VALUE_ADDRESS_INDEX},
	[RCGO_FORM_GNU_str_index] = {SIZE_VARIES, RCGO_VALUE_STR_INDEX},
	[RCGO_FORM_GNU_ref_alt] = {SIZE_OFFSET, RCGO_VALUE_REF_COMMON},
	[RCGO_FORM_GNU_strp_alt] = {SIZE_OFFSET, RCGO_VALUE_STR_COMMON},
};

uint8_t
rcgo__form_code(uint64_t form)
{
	switch (form) {
	case 0x1f01:
		return RCGO_FORM_GNU_addr_index;
	case 0x1f02:
		return RCGO_FORM_GNU_str_index;
	case 0x1f20:
		return RCGO_FORM_GNU_ref_alt;
	case 0x1f21:
		return RCGO_FORM_GNU_strp_alt;
	}
	// 2 was never given a meaning.
	return form > DW_FORM_addrx4 || form == 2 ? 0 : (uint8_t)form;
}

uint8_t
rcgo__form_size(uint8_t form, const struct rcgo_encoding *encoding)
{
	switch (form_table[form].size) {
	case SIZE_ADDRESS:
		return encoding->address_size;
	case SIZE_OFFSET:
		return encoding->offset_size;
	case SIZE_REF_ADDR: // DWARF 2 had it as wide as an address
		return encoding->version <= 2 ? encoding->address_size : encoding->offset_size;
	default:
		return form_table[form].size;
	}
}

// The form that an indirect value is written in; 0 when that is broken. Each turn takes a byte, so
// this ends.
static uint8_t
form_direct(struct rcgo_reader *c, uint8_t form)
{
	while (form == DW_FORM_indirect) {
		form = rcgo__form_code(rcgo__reader_uleb(c));
		if (form == DW_FORM_implicit_const || form == 0 || c->bad) {
			c->at = c->end; // an implicit value would have to be elsewhere
			c->bad = true;
			return 0;
		}
	}
	return form;
}

void
rcgo__form_skip(struct rcgo_reader *c, uint8_t form, const struct rcgo_encoding *encoding)
{
	uint8_t size;

	form = form_direct(c, form);
	size = rcgo__form_size(form, encoding);
	if (size != RCGO_SIZE_VARIES) {
		rcgo__reader_skip(c, size);
		return;
	}
	switch (form) {
	case DW_FORM_block1:
		rcgo__reader_skip(c, rcgo__reader_word(c, 1));
		return;
	case DW_FORM_block2:
		rcgo__reader_skip(c, rcgo__reader_word(c, 2));
		return;
	case DW_FORM_block4:
		rcgo__reader_skip(c, rcgo__reader_word(c, 4));
		return;
	case DW_FORM_block:
	case DW_FORM_exprloc:
		rcgo__reader_skip(c, rcgo__reader_uleb(c));
		return;
	case DW_FORM_string:
		rcgo__reader_string(c);
		return;
	default: // the rest are LEB128 numbers
		rcgo__reader_uleb(c);
	}
}

// The number that a value is written as. A block gives its bytes to nobody.
static uint64_t
form_number(
	struct rcgo_reader *c, uint8_t form, int32_t implicit, const struct rcgo_encoding *encoding)
{
	uint8_t size = rcgo__form_size(form, encoding);

	switch (form) {
	case DW_FORM_flag_present:
		return 1;
	case DW_FORM_implicit_const:
		return (uint64_t)(int64_t)implicit;
	case DW_FORM_sdata:
		return (uint64_t)rcgo__reader_sleb(c);
	case DW_FORM_string:
		return (uintptr_t)rcgo__reader_string(c);
	}
	if (form_table[form].kind == RCGO_VALUE_NONE) {
		rcgo__form_skip(c, form, encoding);
		return 0;
	}
	return size == RCGO_SIZE_VARIES ? rcgo__reader_uleb(c) : rcgo__reader_word(c, size);
}

struct rcgo_value
rcgo__form_read(
	struct rcgo_reader *c, uint8_t form, int32_t implicit, const struct rcgo_encoding *encoding)
{
	struct rcgo_value value = {0};

	form = form_direct(c, form);
	if (form == 0) {
		return value;
	}
	value.u = form_number(c, form, implicit, encoding);
	if (c->bad) {
		return (struct rcgo_value){0};
	}
	value.kind = form_table[form].kind;
	if (value.kind == RCGO_VALUE_REF && form != DW_FORM_ref_addr) {
		value.u += encoding->unit;
	}
	// DWARF 2 and 3 wrote offsets of sections as data of their size.
	if (encoding->version < 4 && (form == DW_FORM_data4 || form == DW_FORM_data8) &&
		form_table[form].size == encoding->offset_size) {
		value.kind = RCGO_VALUE_SECTION;
	}
	return value;
}
