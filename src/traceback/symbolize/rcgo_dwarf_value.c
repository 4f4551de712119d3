// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: what the values of DWARF refer to: sections, texts, addresses. Runs on any
// stack.

#include "rcgo_dwarf.h"

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

// Looking for the end of a text is work, too.
static const char *
value_string(struct rcgo_dwarf *dwarf, enum rcgo_dwarf_section which, uint64_t offset)
{
	size_t looked;
	const char *text =
		rcgo__bytes_string_looked(rcgo__dwarf_section(dwarf, which), offset, &looked);

	return rcgo__dwarf_charge(dwarf, looked / 256) ? text : NULL;
}

// The text that number index of .debug_str_offsets means.
static const char *
value_indexed_text(const struct rcgo_unit *unit, uint64_t index)
{
	unsigned size = unit->encoding.offset_size;
	struct rcgo_bytes at;
	uint64_t offset;

	if (index > UINT32_MAX) {
		return NULL;
	}
	at = rcgo__bytes_slice(unit->str_offsets, unit->str_offsets_base + index * size, size);
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
	// The addresses of a split unit are in the file that the linker made.
	const struct rcgo_unit *owner = unit->skeleton != NULL ? unit->skeleton : unit;
	unsigned size = unit->encoding.address_size;
	struct rcgo_bytes table = rcgo__dwarf_section(owner->dwarf, RCGO_DW_ADDR);

	if (index > UINT32_MAX) {
		return false;
	}
	table = rcgo__bytes_slice(table, owner->addr_base + index * size, size);
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
