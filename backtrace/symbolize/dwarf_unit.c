// SPDX-License-Identifier: BSD-3-Clause
// Reads the units of .debug_info, the attributes of entries, and range lists. Runs on any stack,
// also in signal handlers.

#include "dwarf_unit.h"

#include <string.h>

// Returns the member of die for an attribute, or NULL if the attribute is not needed.
static struct rcgo_value *
die_member(struct rcgo_die *die, uint16_t attribute)
{
	switch (attribute) {
	case DW_AT_name:
		return &die->name;
	case DW_AT_linkage_name:
	case DW_AT_MIPS_linkage_name:
		return &die->linkage_name;
	case DW_AT_low_pc:
		return &die->low;
	case DW_AT_high_pc:
		return &die->high;
	case DW_AT_ranges:
		return &die->ranges;
	case DW_AT_abstract_origin:
	case DW_AT_specification:
		return &die->origin;
	case DW_AT_sibling:
		return &die->sibling;
	case DW_AT_stmt_list:
		return &die->lines;
	case DW_AT_comp_dir:
		return &die->directory;
	case DW_AT_dwo_name:
	case DW_AT_GNU_dwo_name:
		return &die->split_name;
	case DW_AT_GNU_dwo_id:
		return &die->id;
	case DW_AT_language:
		return &die->language;
	case DW_AT_str_offsets_base:
		return &die->str_offsets_base;
	case DW_AT_addr_base:
	case DW_AT_GNU_addr_base:
		return &die->addr_base;
	case DW_AT_rnglists_base:
		return &die->rnglists_base;
	case DW_AT_GNU_ranges_base:
		return &die->ranges_base;
	default:
		return NULL;
	}
}

static void
die_store(struct rcgo_die *die, uint16_t attribute, struct rcgo_value value)
{
	struct rcgo_value *slot = die_member(die, attribute);
	uint32_t number = value.u > UINT32_MAX ? UINT32_MAX : (uint32_t)value.u;

	if (slot != NULL) {
		*slot = value;
	} else if (attribute == DW_AT_call_file) {
		die->call_file = number;
	} else if (attribute == DW_AT_call_line) {
		die->call_line = number;
	} else if (attribute == DW_AT_call_column) {
		die->call_column = number;
	}
}

void
rcgo__die_read(struct rcgo_reader *c, const struct rcgo_abbrev *abbrev,
	const struct rcgo_spec *specs, const struct rcgo_encoding *encoding, struct rcgo_die *die)
{
	uint64_t offset = die->offset;

	memset(die, 0, sizeof *die);
	die->offset = offset;
	die->tag = abbrev->tag;
	die->children = abbrev->children;
	specs += abbrev->first;
	for (uint32_t i = 0; i < abbrev->count; i++) {
		die_store(die, specs[i].attribute,
			rcgo__form_read(c, specs[i].form, specs[i].implicit, encoding));
	}
}

// Reads the unit header at offset. Returns whether it is a unit with code, of a known kind.
static bool
unit_header(struct rcgo_unit *unit, struct rcgo_reader *c, uint64_t offset)
{
	struct rcgo_bytes info = rcgo__dwarf_section(unit->dwarf, RCGO_DW_INFO);
	struct rcgo_encoding *encoding = &unit->encoding;
	uint64_t length;

	unit->end = info.size;
	*c = rcgo__reader_make(rcgo__bytes_from(info, offset), unit->dwarf->big);
	length = rcgo__reader_length(c, &encoding->offset_size);
	*c = rcgo__reader_part(c, length);
	if (c->bad) {
		return false;
	}
	unit->end = (uint64_t)(c->end - info.at);
	encoding->unit = offset;
	encoding->big = unit->dwarf->big;
	encoding->version = (uint16_t)rcgo__reader_word(c, 2);
	if (encoding->version >= 5) {
		unit->kind = (uint8_t)rcgo__reader_word(c, 1);
		encoding->address_size = (uint8_t)rcgo__reader_word(c, 1);
		unit->abbrev_offset = rcgo__reader_word(c, encoding->offset_size);
	} else {
		unit->kind = DW_UT_compile;
		unit->abbrev_offset = rcgo__reader_word(c, encoding->offset_size);
		encoding->address_size = (uint8_t)rcgo__reader_word(c, 1);
	}
	if (unit->kind == DW_UT_skeleton || unit->kind == DW_UT_split_compile) {
		unit->id = rcgo__reader_word(c, 8);
		unit->has_id = true;
	}
	unit->first = (uint64_t)(c->at - info.at);
	return !c->bad && encoding->version >= 2 && encoding->version <= 5 &&
	       (encoding->address_size == 4 || encoding->address_size == 8) &&
	       unit->kind != DW_UT_type && unit->kind != DW_UT_split_type;
}

// Sets the bases that other values of the unit are relative to. In a split unit of DWARF 5, they
// directly follow the headers of its sections.
static void
unit_bases(struct rcgo_unit *unit, const struct rcgo_die *root)
{
	bool v5 = unit->encoding.version >= 5;
	bool wide = unit->encoding.offset_size == 8;

	unit->str_offsets_base = root->str_offsets_base.u;
	unit->rnglists_base = root->rnglists_base.u;
	if (v5 && root->str_offsets_base.kind == RCGO_VALUE_NONE) {
		unit->str_offsets_base = wide ? 16 : 8;
	}
	if (v5 && root->rnglists_base.kind == RCGO_VALUE_NONE) {
		unit->rnglists_base = wide ? 20 : 12;
	}
	unit->addr_base = root->addr_base.u;
	if (v5 && root->addr_base.kind == RCGO_VALUE_NONE) {
		unit->addr_base = wide ? 16 : 8;
	}
	unit->ranges_base = root->ranges_base.u;
	if (unit->str_offsets.size == 0) {
		unit->str_offsets = rcgo__dwarf_section(unit->dwarf, RCGO_DW_STR_OFFSETS);
	}
	if (unit->rnglists.size == 0 && v5) {
		unit->rnglists = rcgo__dwarf_section(unit->dwarf, RCGO_DW_RNGLISTS);
	}
}

static void
unit_root(struct rcgo_unit *unit, const struct rcgo_die *root)
{
	unit_bases(unit, root);
	unit->low = root->low;
	unit->high = root->high;
	unit->ranges = root->ranges;
	unit->language = (uint16_t)root->language.u;
	unit->name = rcgo__value_text(unit, &root->name);
	unit->directory = rcgo__value_text(unit, &root->directory);
	unit->split_name = rcgo__value_text(unit, &root->split_name);
	unit->has_lines =
		root->lines.kind == RCGO_VALUE_SECTION || root->lines.kind == RCGO_VALUE_CONST;
	unit->lines = root->lines.u;
	if (root->id.kind == RCGO_VALUE_CONST || root->id.kind == RCGO_VALUE_SECTION) {
		unit->id = root->id.u;
		unit->has_id = true;
	}
	if (!rcgo__value_address(unit, &unit->low, &unit->base)) {
		unit->base = 0;
	}
	if (unit->skeleton != NULL) {
		unit->base = unit->skeleton->base;
		unit->ranges_base = unit->skeleton->ranges_base;
		if (unit->directory == NULL) {
			unit->directory = unit->skeleton->directory;
		}
	}
}

bool
rcgo__unit_read(struct rcgo_unit *unit, struct rcgo_dwarf *dwarf, uint64_t offset,
	const struct rcgo_unit *skeleton)
{
	struct rcgo_arena *scratch = &dwarf->memory->scratch;
	size_t mark = rcgo__arena_mark(scratch);
	const struct rcgo_abbrevs *abbrevs;
	const struct rcgo_abbrev *abbrev;
	struct rcgo_die *root;
	struct rcgo_reader c;

	unit->dwarf = dwarf;
	unit->skeleton = skeleton;
	if (!unit_header(unit, &c, offset)) {
		return false;
	}
	if (unit->abbrev.size == 0) {
		unit->abbrev = rcgo__dwarf_section(dwarf, RCGO_DW_ABBREV);
	}
	uint64_t code = rcgo__reader_uleb(&c);

	// The whole table is not needed yet. The root's abbreviation is nearly always the first.
	abbrevs = code == 0 ? NULL : rcgo__abbrevs_read(unit, code);
	abbrev = abbrevs == NULL ? NULL : rcgo__abbrev_find(abbrevs, code, dwarf);
	root = rcgo__arena_alloc(scratch, sizeof *root);
	if (abbrev == NULL || root == NULL) {
		rcgo__arena_release(scratch, mark);
		return false;
	}
	root->offset = unit->first;
	rcgo__die_read(&c, abbrev, rcgo__abbrevs_specs(abbrevs), &unit->encoding, root);
	unit_root(unit, root);
	rcgo__arena_release(scratch, mark);
	return true;
}

bool
rcgo__dwarf_units(struct rcgo_dwarf *dwarf)
{
	struct rcgo_bytes info = rcgo__dwarf_section(dwarf, RCGO_DW_INFO);
	size_t count = 0;

	if (dwarf->units_known) {
		return dwarf->units != NULL;
	}
	dwarf->units_known = true;
	for (int pass = 0; pass < 2; pass++) {
		struct rcgo_reader c = rcgo__reader_make(info, dwarf->big);
		size_t n = 0;

		while (rcgo__reader_left(&c) > 0 && (pass == 0 || n < count)) {
			uint64_t offset = (uint64_t)(c.at - info.at);
			uint8_t offset_size;

			rcgo__reader_skip(&c, rcgo__reader_length(&c, &offset_size));
			if (!c.bad && pass == 1) {
				dwarf->units[n] = offset;
			}
			n += !c.bad;
		}
		count = n;
		if (pass == 0) {
			dwarf->units = rcgo__arena_alloc(dwarf->memory->keep, count * 8);
			if (dwarf->units == NULL || count == 0) {
				dwarf->units = NULL;
				return false;
			}
		}
	}
	dwarf->unit_count = count;
	return true;
}

bool
rcgo__dwarf_unit_at(struct rcgo_dwarf *dwarf, uint64_t offset, uint64_t *unit)
{
	size_t low = 0, high;

	if (!rcgo__dwarf_units(dwarf) || offset < dwarf->units[0]) {
		return false;
	}
	// Find the last unit that starts at or before offset.
	for (high = dwarf->unit_count; high - low > 1;) {
		size_t middle = low + (high - low) / 2;

		if (dwarf->units[middle] <= offset) {
			low = middle;
		} else {
			high = middle;
		}
	}
	*unit = dwarf->units[low];
	return true;
}

// Range lists: .debug_ranges and .debug_rnglists.

static uint64_t
ranges_top(const struct rcgo_unit *unit)
{
	return unit->encoding.address_size == 4 ? UINT32_MAX : UINT64_MAX;
}

// Computes the start of a DWARF 5 list. The attribute contains its offset, or an index into a table
// of offsets that are relative to the table.
static bool
ranges_new_offset(const struct rcgo_unit *unit, const struct rcgo_value *ranges, uint64_t *offset)
{
	unsigned size = unit->encoding.offset_size;
	struct rcgo_bytes at;

	if (ranges->kind == RCGO_VALUE_SECTION) {
		*offset = ranges->u;
		return true;
	}
	if (ranges->kind != RCGO_VALUE_RANGES_INDEX || ranges->u > UINT32_MAX) {
		return false;
	}
	at = rcgo__bytes_read(unit->rnglists, unit->rnglists_base + ranges->u * size, size);
	if (at.size == 0) {
		return false;
	}
	*offset = unit->rnglists_base + (size == 8 ? rcgo__get64(at.at, unit->encoding.big)
						   : rcgo__get32(at.at, unit->encoding.big));
	return true;
}

struct rcgo_ranges
rcgo__ranges_of(const struct rcgo_unit *unit, const struct rcgo_value *low,
	const struct rcgo_value *high, const struct rcgo_value *ranges)
{
	struct rcgo_ranges out = {.unit = unit, .base = unit->base};
	uint64_t offset;

	if (ranges->kind != RCGO_VALUE_NONE) {
		if (unit->encoding.version >= 5) {
			if (ranges_new_offset(unit, ranges, &offset)) {
				out.c = rcgo__reader_make(rcgo__bytes_from(unit->rnglists, offset),
					unit->encoding.big);
				out.shape = RCGO_RANGES_NEW;
			}
			return out;
		}
		// The lists of a DWARF 4 split unit are in the linked file, with the skeleton.
		const struct rcgo_unit *owner = unit->skeleton != NULL ? unit->skeleton : unit;

		offset = ranges->u + (owner == unit ? 0 : unit->ranges_base);
		out.c = rcgo__reader_make(
			rcgo__bytes_from(rcgo__dwarf_section(owner->dwarf, RCGO_DW_RANGES), offset),
			unit->encoding.big);
		out.shape = RCGO_RANGES_OLD;
		return out;
	}
	if (rcgo__value_address(unit, low, &out.low)) {
		out.shape = RCGO_RANGES_PAIR;
		if (!rcgo__value_address(unit, high, &out.high)) {
			out.high = high->kind == RCGO_VALUE_NONE ? out.low : out.low + high->u;
		}
	}
	return out;
}

static bool
ranges_next_old(struct rcgo_ranges *r, uint64_t *low, uint64_t *high)
{
	unsigned size = r->unit->encoding.address_size;

	while (rcgo__reader_left(&r->c) > 0) {
		*low = rcgo__reader_word(&r->c, size);
		*high = rcgo__reader_word(&r->c, size);
		if (r->c.bad || (*low == 0 && *high == 0)) {
			return false;
		}
		if (*low == ranges_top(r->unit)) {
			r->base = *high;
			continue;
		}
		*low += r->base;
		*high += r->base;
		return true;
	}
	return false;
}

// Reads the operands of a DWARF 5 entry. Returns whether the entry is a range.
static bool
ranges_entry(struct rcgo_ranges *r, uint64_t kind, uint64_t *low, uint64_t *high)
{
	unsigned size = r->unit->encoding.address_size;

	switch (kind) {
	case DW_RLE_base_addressx:
		if (!rcgo__unit_address(r->unit, rcgo__reader_uleb(&r->c), &r->base)) {
			r->c.bad = true;
		}
		return false;
	case DW_RLE_base_address:
		r->base = rcgo__reader_word(&r->c, size);
		return false;
	case DW_RLE_offset_pair:
		*low = r->base + rcgo__reader_uleb(&r->c);
		*high = r->base + rcgo__reader_uleb(&r->c);
		// Ranges relative to discarded code are discarded too.
		return r->base < ranges_top(r->unit) - 1;
	case DW_RLE_start_end:
		*low = rcgo__reader_word(&r->c, size);
		*high = rcgo__reader_word(&r->c, size);
		return true;
	case DW_RLE_start_length:
		*low = rcgo__reader_word(&r->c, size);
		*high = *low + rcgo__reader_uleb(&r->c);
		return true;
	case DW_RLE_startx_length:
		if (!rcgo__unit_address(r->unit, rcgo__reader_uleb(&r->c), low)) {
			r->c.bad = true;
		}
		*high = *low + rcgo__reader_uleb(&r->c);
		return true;
	case DW_RLE_startx_endx:
		if (!rcgo__unit_address(r->unit, rcgo__reader_uleb(&r->c), low) ||
			!rcgo__unit_address(r->unit, rcgo__reader_uleb(&r->c), high)) {
			r->c.bad = true;
		}
		return true;
	default: // end of list, or unknown
		rcgo__reader_end(&r->c);
		return false;
	}
}

static bool
ranges_next_raw(struct rcgo_ranges *r, uint64_t *low, uint64_t *high)
{
	switch (r->shape) {
	case RCGO_RANGES_PAIR:
		r->shape = RCGO_RANGES_END;
		*low = r->low;
		*high = r->high;
		return true;
	case RCGO_RANGES_OLD:
		return ranges_next_old(r, low, high);
	case RCGO_RANGES_NEW:
		while (rcgo__reader_left(&r->c) > 0) {
			bool range = ranges_entry(r, rcgo__reader_word(&r->c, 1), low, high);

			if (r->c.bad) {
				return false;
			}
			if (range) {
				return true;
			}
		}
		return false;
	default:
		return false;
	}
}

bool
rcgo__ranges_next(struct rcgo_ranges *r, uint64_t *low, uint64_t *high)
{
	*low = *high = 0;
	// Linkers give discarded code the address 0, the highest address, or one just below it. No
	// real code is there.
	while (ranges_next_raw(r, low, high)) {
		if (!rcgo__dwarf_charge(r->unit->dwarf, 1)) {
			return false;
		}
		if (*low != 0 && *low < *high && *low < ranges_top(r->unit) - 1) {
			return true;
		}
	}
	return false;
}

bool
rcgo__unit_mangles(const struct rcgo_unit *unit)
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
