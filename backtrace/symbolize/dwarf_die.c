// SPDX-License-Identifier: BSD-3-Clause
// Debugging information entries: abbreviations, forms, and the values that forms refer to. Runs on
// any stack, also in signal handlers.

#include <string.h>

#include "dwarf_unit.h"

// Reads one abbreviation whose code has been read, and its specs if there is space for them.
// Returns whether all its forms are known.
static bool
abbrev_read(struct rcgo_reader *c, const struct rcgo_encoding *encoding, struct rcgo_abbrev *abbrev,
	struct rcgo_spec *specs, size_t capacity)
{
	uint64_t tag = rcgo__reader_uleb(c);
	uint32_t fixed = 0; // bytes so far; above RCGO_FIXED_NONE if the size varies

	*abbrev = (struct rcgo_abbrev){.tag = tag > UINT16_MAX ? 0 : (uint16_t)tag,
		.sibling = RCGO_FIXED_NONE,
		.fixed = RCGO_FIXED_NONE,
		.code = abbrev->code,
		.first = abbrev->first};
	abbrev->children = rcgo__reader_word(c, 1) != 0;
	for (;;) {
		uint64_t attribute = rcgo__reader_uleb(c);
		uint64_t raw = rcgo__reader_uleb(c);
		uint8_t form = rcgo__form_code(raw), size;
		int64_t implicit = form == DW_FORM_implicit_const ? rcgo__reader_sleb(c) : 0;

		if (c->bad) {
			return false;
		}
		if (attribute == 0 && raw == 0) {
			break;
		}
		if (form == 0 || abbrev->count == UINT16_MAX) {
			return false;
		}
		size = rcgo__form_size(form, encoding);
		if (attribute == DW_AT_sibling && fixed < RCGO_FIXED_NONE) {
			abbrev->sibling = (uint16_t)fixed;
			abbrev->sibling_size = form == DW_FORM_ref_addr ? 0 : size;
		}
		fixed += size == RCGO_SIZE_VARIES || fixed >= RCGO_FIXED_NONE ? RCGO_FIXED_NONE
									      : size;
		if (fixed > RCGO_FIXED_NONE) {
			fixed = RCGO_FIXED_NONE;
		}
		if (abbrev->count < capacity) {
			specs[abbrev->count] = (struct rcgo_spec){
				.attribute = attribute > UINT16_MAX ? 0 : (uint16_t)attribute,
				.form = form,
				.size = size,
				.implicit = implicit == (int32_t)implicit ? (int32_t)implicit : 0};
		}
		abbrev->count++;
	}
	abbrev->fixed = (uint16_t)fixed;
	return true;
}

// Counts the abbreviations with code only_code, or all if that is 0, and their specs. The first
// malformed one ends the table.
static void
abbrevs_count(struct rcgo_reader c, const struct rcgo_unit *unit, uint64_t only_code,
	struct rcgo_abbrevs *counts)
{
	*counts = (struct rcgo_abbrevs){.ascending = true};
	for (uint64_t before = 0;;) {
		uint64_t code = rcgo__reader_uleb(&c);
		struct rcgo_abbrev one = {0};

		if (code == 0 || code > UINT32_MAX ||
			!abbrev_read(&c, &unit->encoding, &one, NULL, 0)) {
			return;
		}
		if (only_code != 0 && code != only_code) {
			if (!rcgo__dwarf_charge(unit->dwarf, 1 + one.count / 8)) {
				return;
			}
			continue;
		}
		counts->ascending = counts->ascending && code > before;
		counts->count++;
		counts->spec_count += one.count;
		before = code;
		if (only_code != 0) {
			return;
		}
	}
}

static size_t
abbrevs_size(const struct rcgo_abbrevs *counts)
{
	return sizeof *counts + counts->count * sizeof(struct rcgo_abbrev) +
	       counts->spec_count * sizeof(struct rcgo_spec);
}

static void
abbrevs_fill(struct rcgo_reader c, const struct rcgo_unit *unit, uint64_t only_code,
	const struct rcgo_abbrevs *counts, void *at)
{
	struct rcgo_abbrevs *abbrevs = at;
	struct rcgo_abbrev *next = (struct rcgo_abbrev *)(abbrevs + 1);
	struct rcgo_spec *specs = (struct rcgo_spec *)(next + counts->count);
	uint32_t used = 0;

	*abbrevs = *counts;
	for (uint32_t n = 0; n < counts->count;) {
		uint64_t code = rcgo__reader_uleb(&c);
		struct rcgo_abbrev one = {.code = (uint32_t)code, .first = used};
		bool useful = only_code == 0 || code == only_code;

		if (!abbrev_read(&c, &unit->encoding, &one, specs + used,
			    useful ? counts->spec_count - used : 0)) {
			break; // the file changed since the abbreviations were counted
		}
		if (useful) {
			used += one.count;
			next[n++] = one;
		}
	}
}

static struct rcgo_reader
abbrevs_cursor(const struct rcgo_unit *unit)
{
	return rcgo__reader_make(
		rcgo__bytes_from(unit->abbrev, unit->abbrev_offset), unit->encoding.big);
}

const struct rcgo_abbrevs *
rcgo__abbrevs_read(const struct rcgo_unit *unit, uint64_t only_code)
{
	struct rcgo_reader c = abbrevs_cursor(unit);
	struct rcgo_abbrevs counts;
	void *at;

	abbrevs_count(c, unit, only_code, &counts);
	at = rcgo__arena_alloc(&unit->dwarf->memory->scratch, abbrevs_size(&counts));
	if (at != NULL) {
		abbrevs_fill(c, unit, only_code, &counts, at);
	}
	return at;
}

bool
rcgo__unit_abbrevs(struct rcgo_unit *unit)
{
	struct rcgo_dwarf_cache *cache = &unit->dwarf->memory->cache;
	// The key includes the unit's contribution in a .dwp file and the parameters that determine
	// the size of forms.
	struct rcgo_reader c = abbrevs_cursor(unit);
	uint64_t contribution =
		unit->abbrev.size == 0
			? 0
			: (uint64_t)(unit->abbrev.at -
				     rcgo__dwarf_section(unit->dwarf, RCGO_DW_ABBREV).at);
	uint64_t key = (contribution + unit->abbrev_offset) << 3 |
		       (unit->encoding.offset_size == 8) << 2 | (unit->encoding.version <= 2) << 1 |
		       (unit->encoding.address_size == 8);
	struct rcgo_abbrevs counts;
	void *at;

	if (unit->abbrevs != NULL) {
		return true;
	}
	unit->abbrevs = rcgo__cache_get(cache, RCGO_CACHE_ABBREVS, unit->dwarf->id, key);
	if (unit->abbrevs != NULL) {
		return true;
	}
	abbrevs_count(c, unit, 0, &counts);
	if (!rcgo__dwarf_charge(unit->dwarf, counts.spec_count)) {
		return false;
	}
	at = rcgo__cache_put(
		cache, RCGO_CACHE_ABBREVS, unit->dwarf->id, key, abbrevs_size(&counts));
	if (at == NULL) {
		at = rcgo__arena_alloc(&unit->dwarf->memory->scratch, abbrevs_size(&counts));
	}
	if (at != NULL) {
		abbrevs_fill(c, unit, 0, &counts, at);
	}
	unit->abbrevs = at;
	return at != NULL;
}

const struct rcgo_abbrev *
rcgo__abbrev_find(const struct rcgo_abbrevs *abbrevs, uint64_t code, struct rcgo_dwarf *dwarf)
{
	const struct rcgo_abbrev *all = rcgo__abbrevs_all(abbrevs);
	uint32_t low = 0, high = abbrevs->count;

	// Codes are nearly always 1, 2, 3, …
	if (code - 1 < abbrevs->count && all[code - 1].code == code) {
		return &all[code - 1];
	}
	if (!abbrevs->ascending) {
		for (uint32_t i = 0; i < high; i++) {
			if (all[i].code == code) {
				rcgo__dwarf_charge(dwarf, i / 16);
				return &all[i];
			}
		}
		rcgo__dwarf_charge(dwarf, high / 16);
		return NULL;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (all[middle].code < code) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < abbrevs->count && all[low].code == code ? &all[low] : NULL;
}

// The forms in which DWARF encodes values.

// The properties of a form: its size, which may depend on the unit, and the kind of its value.
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
	// Form 2 was never assigned.
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
	case SIZE_REF_ADDR: // in DWARF 2 it has the size of an address
		return encoding->version <= 2 ? encoding->address_size : encoding->offset_size;
	default:
		return form_table[form].size;
	}
}

// Returns the form of an indirect value, or 0 if it is malformed. Each iteration consumes a byte,
// so the loop terminates.
static uint8_t
form_direct(struct rcgo_reader *c, uint8_t form)
{
	while (form == DW_FORM_indirect) {
		form = rcgo__form_code(rcgo__reader_uleb(c));
		if (form == DW_FORM_implicit_const || form == 0 || c->bad) {
			rcgo__reader_end(c); // an implicit value cannot be indirect
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
	default: // the remaining forms are LEB128 numbers
		rcgo__reader_uleb(c);
	}
}

// Reads the number that encodes a value. Blocks are skipped; their content is not used.
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
	// DWARF 2 and 3 encode section offsets as data of the same size.
	if (encoding->version < 4 && (form == DW_FORM_data4 || form == DW_FORM_data8) &&
		form_table[form].size == encoding->offset_size) {
		value.kind = RCGO_VALUE_SECTION;
	}
	return value;
}

// What values refer to: sections, strings, addresses.

static const char *const section_names[RCGO_DW_SECTIONS] = {
	[RCGO_DW_INFO] = ".debug_info",
	[RCGO_DW_ABBREV] = ".debug_abbrev",
	[RCGO_DW_LINE] = ".debug_line",
	[RCGO_DW_STR] = ".debug_str",
	[RCGO_DW_LINE_STR] = ".debug_line_str",
	[RCGO_DW_RANGES] = ".debug_ranges",
	[RCGO_DW_RNGLISTS] = ".debug_rnglists",
	[RCGO_DW_ADDR] = ".debug_addr",
	[RCGO_DW_STR_OFFSETS] = ".debug_str_offsets",
	[RCGO_DW_ARANGES] = ".debug_aranges",
	[RCGO_DW_CU_INDEX] = ".debug_cu_index",
};

static const char *const split_section_names[RCGO_DW_SECTIONS] = {
	[RCGO_DW_INFO] = ".debug_info.dwo",
	[RCGO_DW_ABBREV] = ".debug_abbrev.dwo",
	[RCGO_DW_LINE] = ".debug_line.dwo",
	[RCGO_DW_STR] = ".debug_str.dwo",
	[RCGO_DW_LINE_STR] = ".debug_line_str.dwo",
	[RCGO_DW_RNGLISTS] = ".debug_rnglists.dwo",
	[RCGO_DW_STR_OFFSETS] = ".debug_str_offsets.dwo",
	[RCGO_DW_CU_INDEX] = ".debug_cu_index",
};

struct rcgo_bytes
rcgo__dwarf_section(struct rcgo_dwarf *dwarf, enum rcgo_dwarf_section which)
{
	const char *name = (dwarf->split ? split_section_names : section_names)[which];

	if ((dwarf->loaded >> which & 1) == 0) {
		dwarf->loaded |= UINT32_C(1) << which;
		if (name != NULL && dwarf->elf != NULL) {
			dwarf->sections[which] =
				rcgo__elf_section(dwarf->elf, dwarf->memory->keep, name);
		}
	}
	return dwarf->sections[which];
}

// Returns the string at offset. The search for its end is charged to the budget.
static const char *
value_string(struct rcgo_dwarf *dwarf, enum rcgo_dwarf_section which, uint64_t offset)
{
	size_t scanned;
	const char *text =
		rcgo__bytes_string_scanned(rcgo__dwarf_section(dwarf, which), offset, &scanned);

	return rcgo__dwarf_charge(dwarf, scanned / 256) ? text : NULL;
}

// Returns the string with this index in .debug_str_offsets.
static const char *
value_indexed_text(const struct rcgo_unit *unit, uint64_t index)
{
	unsigned size = unit->encoding.offset_size;
	struct rcgo_bytes at;
	uint64_t offset;

	if (index > UINT32_MAX) {
		return NULL;
	}
	at = rcgo__bytes_read(unit->str_offsets, unit->str_offsets_base + index * size, size);
	if (at.size == 0) {
		return NULL;
	}
	offset = size == 8 ? rcgo__get64(at.at, unit->encoding.big)
			   : rcgo__get32(at.at, unit->encoding.big);
	return value_string(unit->dwarf, RCGO_DW_STR, offset);
}

const char *
rcgo__value_text(const struct rcgo_unit *unit, const struct rcgo_value *value)
{
	struct rcgo_dwarf *dwarf = unit->dwarf;

	switch (value->kind) {
	case RCGO_VALUE_TEXT:
		return (const char *)(uintptr_t)value->u;
	case RCGO_VALUE_STR:
		return value_string(dwarf, RCGO_DW_STR, value->u);
	case RCGO_VALUE_LINE_STR:
		return value_string(dwarf, RCGO_DW_LINE_STR, value->u);
	case RCGO_VALUE_STR_INDEX:
		return value_indexed_text(unit, value->u);
	case RCGO_VALUE_STR_COMMON:
		return dwarf->common == NULL ? NULL
					     : value_string(dwarf->common, RCGO_DW_STR, value->u);
	default:
		return NULL;
	}
}

bool
rcgo__unit_address(const struct rcgo_unit *unit, uint64_t index, uint64_t *address)
{
	// The addresses of a split unit are in the linked file, with the skeleton.
	const struct rcgo_unit *owner = unit->skeleton != NULL ? unit->skeleton : unit;
	unsigned size = unit->encoding.address_size;
	struct rcgo_bytes table = rcgo__dwarf_section(owner->dwarf, RCGO_DW_ADDR);

	if (index > UINT32_MAX) {
		return false;
	}
	table = rcgo__bytes_read(table, owner->addr_base + index * size, size);
	if (table.size == 0) {
		return false;
	}
	*address = size == 8 ? rcgo__get64(table.at, unit->encoding.big)
			     : rcgo__get32(table.at, unit->encoding.big);
	return true;
}

bool
rcgo__value_address(const struct rcgo_unit *unit, const struct rcgo_value *value, uint64_t *address)
{
	if (value->kind == RCGO_VALUE_ADDRESS) {
		*address = value->u;
		return true;
	}
	return value->kind == RCGO_VALUE_ADDRESS_INDEX &&
	       rcgo__unit_address(unit, value->u, address);
}
