// SPDX-License-Identifier: BSD-3-Clause
// dwarf_unit.h: the constants of DWARF 2 to 5 that symbolization needs, under their standard names,
// and the reader of sections, units and attributes.
#ifndef RCGO_DWARF_UNIT_H
#define RCGO_DWARF_UNIT_H

#include "dwarf_cache.h"
#include "dwarf_reader.h"
#include "elf_reader.h"

enum {
	DW_TAG_class_type = 0x02,
	DW_TAG_enumeration_type = 0x04,
	DW_TAG_structure_type = 0x13,
	DW_TAG_subroutine_type = 0x15,
	DW_TAG_union_type = 0x17,
	DW_TAG_inlined_subroutine = 0x1d,
	DW_TAG_subprogram = 0x2e,
	DW_TAG_interface_type = 0x38,
	DW_TAG_namespace = 0x39,
	DW_TAG_partial_unit = 0x3c,
};

enum {
	DW_UT_compile = 1,
	DW_UT_type = 2,
	DW_UT_partial = 3,
	DW_UT_skeleton = 4,
	DW_UT_split_compile = 5,
	DW_UT_split_type = 6,
};

enum {
	DW_AT_sibling = 0x01,
	DW_AT_name = 0x03,
	DW_AT_stmt_list = 0x10,
	DW_AT_low_pc = 0x11,
	DW_AT_high_pc = 0x12,
	DW_AT_language = 0x13,
	DW_AT_comp_dir = 0x1b,
	DW_AT_abstract_origin = 0x31,
	DW_AT_specification = 0x47,
	DW_AT_ranges = 0x55,
	DW_AT_call_column = 0x57,
	DW_AT_call_file = 0x58,
	DW_AT_call_line = 0x59,
	DW_AT_linkage_name = 0x6e,
	DW_AT_str_offsets_base = 0x72,
	DW_AT_addr_base = 0x73,
	DW_AT_rnglists_base = 0x74,
	DW_AT_dwo_name = 0x76,
	DW_AT_MIPS_linkage_name = 0x2007,
	DW_AT_GNU_dwo_name = 0x2130,
	DW_AT_GNU_dwo_id = 0x2131,
	DW_AT_GNU_ranges_base = 0x2132,
	DW_AT_GNU_addr_base = 0x2133,
};

// The codes of GNU forms do not fit a byte. Here they are mapped to the codes after the last form
// of DWARF 5.
enum {
	DW_FORM_addr = 0x01,
	DW_FORM_block2 = 0x03,
	DW_FORM_block4 = 0x04,
	DW_FORM_data2 = 0x05,
	DW_FORM_data4 = 0x06,
	DW_FORM_data8 = 0x07,
	DW_FORM_string = 0x08,
	DW_FORM_block = 0x09,
	DW_FORM_block1 = 0x0a,
	DW_FORM_data1 = 0x0b,
	DW_FORM_flag = 0x0c,
	DW_FORM_sdata = 0x0d,
	DW_FORM_strp = 0x0e,
	DW_FORM_udata = 0x0f,
	DW_FORM_ref_addr = 0x10,
	DW_FORM_ref1 = 0x11,
	DW_FORM_ref2 = 0x12,
	DW_FORM_ref4 = 0x13,
	DW_FORM_ref8 = 0x14,
	DW_FORM_ref_udata = 0x15,
	DW_FORM_indirect = 0x16,
	DW_FORM_sec_offset = 0x17,
	DW_FORM_exprloc = 0x18,
	DW_FORM_flag_present = 0x19,
	DW_FORM_strx = 0x1a,
	DW_FORM_addrx = 0x1b,
	DW_FORM_ref_sup4 = 0x1c,
	DW_FORM_strp_sup = 0x1d,
	DW_FORM_data16 = 0x1e,
	DW_FORM_line_strp = 0x1f,
	DW_FORM_ref_sig8 = 0x20,
	DW_FORM_implicit_const = 0x21,
	DW_FORM_loclistx = 0x22,
	DW_FORM_rnglistx = 0x23,
	DW_FORM_ref_sup8 = 0x24,
	DW_FORM_strx1 = 0x25,
	DW_FORM_strx2 = 0x26,
	DW_FORM_strx3 = 0x27,
	DW_FORM_strx4 = 0x28,
	DW_FORM_addrx1 = 0x29,
	DW_FORM_addrx2 = 0x2a,
	DW_FORM_addrx3 = 0x2b,
	DW_FORM_addrx4 = 0x2c,
	RCGO_FORM_GNU_addr_index = 0x2d, // 0x1f01
	RCGO_FORM_GNU_str_index = 0x2e,	 // 0x1f02
	RCGO_FORM_GNU_ref_alt = 0x2f,	 // 0x1f20
	RCGO_FORM_GNU_strp_alt = 0x30,	 // 0x1f21
	RCGO_FORM_COUNT
};

enum {
	DW_RLE_end_of_list = 0,
	DW_RLE_base_addressx = 1,
	DW_RLE_startx_endx = 2,
	DW_RLE_startx_length = 3,
	DW_RLE_offset_pair = 4,
	DW_RLE_base_address = 5,
	DW_RLE_start_end = 6,
	DW_RLE_start_length = 7,
};

enum {
	DW_LNS_extended_op = 0,
	DW_LNS_copy = 1,
	DW_LNS_advance_pc = 2,
	DW_LNS_advance_line = 3,
	DW_LNS_set_file = 4,
	DW_LNS_set_column = 5,
	DW_LNS_negate_stmt = 6,
	DW_LNS_set_basic_block = 7,
	DW_LNS_const_add_pc = 8,
	DW_LNS_fixed_advance_pc = 9,
	DW_LNS_set_prologue_end = 10,
	DW_LNS_set_epilogue_begin = 11,
	DW_LNS_set_isa = 12,
};

enum {
	DW_LNE_end_sequence = 1,
	DW_LNE_set_address = 2,
	DW_LNE_define_file = 3,
	DW_LNE_set_discriminator = 4,
};

enum {
	DW_LNCT_path = 1,
	DW_LNCT_directory_index = 2,
};

// The columns of the index of a .dwp file, as in DWARF 5. Column 8 of GNU's version 2 is
// .debug_macro instead.
enum {
	DW_SECT_INFO = 1,
	DW_SECT_ABBREV = 3,
	DW_SECT_LINE = 4,
	DW_SECT_STR_OFFSETS = 6,
	DW_SECT_RNGLISTS = 8,
};

enum {
	DW_LANG_C_plus_plus = 0x04,
	DW_LANG_C_plus_plus_11 = 0x1a,
	DW_LANG_Rust = 0x1c,
	DW_LANG_C_plus_plus_14 = 0x21,
	DW_LANG_C_plus_plus_17 = 0x2b,
	DW_LANG_C_plus_plus_20 = 0x2c,
};

// Reading DWARF 2 to 5, in the 32-bit and 64-bit formats: sections, units, attributes.
//
// The file is not trusted. Each read is checked against its section, malformed data reads as
// absent, and work is charged to a budget, so a forged file costs a bounded time.
// Contract: the DWARF standards 2 to 5; binutils' and GCC's notes on split DWARF 4 and on dwz.

enum rcgo_dwarf_section {
	RCGO_DW_INFO,
	RCGO_DW_ABBREV,
	RCGO_DW_LINE,
	RCGO_DW_STR,
	RCGO_DW_LINE_STR,
	RCGO_DW_RANGES,
	RCGO_DW_RNGLISTS,
	RCGO_DW_ADDR,
	RCGO_DW_STR_OFFSETS,
	RCGO_DW_ARANGES,
	RCGO_DW_CU_INDEX,
	RCGO_DW_SECTIONS
};

// The memory that the readers of one lookup share.
struct rcgo_dwarf_memory {
	struct rcgo_arena *keep;   // data that lives as long as the files
	struct rcgo_arena scratch; // data that lives as long as a lookup
	struct rcgo_dwarf_cache cache;
	int64_t budget;	      // remaining steps
	int64_t step_limit;   // budget at the start of a lookup
	uint16_t split_files; // number opened so far
	bool cached;	      // tables of whole units are built and cached
	bool qualified;	      // source names are qualified by their scope
};

#define RCGO_DWARF_BUDGET (INT64_C(1) << 27)

// A file with DWARF: an object, a debug file, dwz's common file, a .dwo or .dwp file.
struct rcgo_dwarf {
	struct rcgo_dwarf_memory *memory;
	const struct rcgo_elf *elf; // NULL if all sections are given
	struct rcgo_dwarf *common;  // the file to which dwz moved entries, or NULL
	struct rcgo_bytes sections[RCGO_DW_SECTIONS];
	uint32_t loaded; // a bit for each section that was searched for
	uint16_t id;	 // distinguishes the files of a memory
	bool big;	 // the most significant byte comes first
	bool split;	 // section names end in .dwo
	uint64_t *units; // offsets in .debug_info, ascending
	size_t unit_count;
	bool units_known;
};

// The parameters that determine the size of a form.
struct rcgo_encoding {
	uint64_t unit; // offset of the unit in .debug_info
	uint16_t version;
	uint8_t address_size, offset_size;
	bool big;
};

enum rcgo_value_kind {
	RCGO_VALUE_NONE, // absent, or not needed
	RCGO_VALUE_CONST,
	RCGO_VALUE_ADDRESS,
	RCGO_VALUE_ADDRESS_INDEX,
	RCGO_VALUE_TEXT, // u is the pointer
	RCGO_VALUE_STR,
	RCGO_VALUE_LINE_STR,
	RCGO_VALUE_STR_INDEX,
	RCGO_VALUE_STR_COMMON,
	RCGO_VALUE_REF, // an offset in this file's .debug_info
	RCGO_VALUE_REF_COMMON,
	RCGO_VALUE_SECTION, // an offset in the section that the attribute implies
	RCGO_VALUE_RANGES_INDEX,
};

struct rcgo_value {
	uint64_t u;
	enum rcgo_value_kind kind;
};

// An attribute specification of an abbreviation. size is the size of the value, or
// RCGO_SIZE_VARIES.
struct rcgo_spec {
	uint16_t attribute;
	uint8_t form; // a code of rcgo__form_code
	uint8_t size;
	int32_t implicit; // the value of DW_FORM_implicit_const
};

#define RCGO_SIZE_VARIES 0xff

struct rcgo_abbrev {
	uint32_t code;
	uint32_t first; // index of its first spec
	uint16_t count; // number of specs
	uint16_t tag;
	uint16_t fixed;	  // total size of the values, or RCGO_FIXED_NONE
	uint16_t sibling; // offset of DW_AT_sibling in the values, or RCGO_FIXED_NONE
	uint8_t sibling_size;
	bool children;
};

#define RCGO_FIXED_NONE 0xffff

struct rcgo_abbrevs {
	uint32_t count;
	uint32_t spec_count;
	bool ascending; // codes are in order; else a search is linear
			// count abbreviations and spec_count specs follow
};

struct rcgo_unit {
	struct rcgo_dwarf *dwarf;
	struct rcgo_encoding encoding;
	uint64_t first, end; // offsets of the entries in .debug_info
	uint64_t id;	     // shared by a skeleton and its split unit
	uint64_t abbrev_offset;
	uint8_t kind; // DW_UT_*
	bool has_id, has_lines;
	uint16_t language;
	const struct rcgo_abbrevs *abbrevs; // NULL until they are needed
	const struct rcgo_unit *skeleton;   // for a split unit
	// The unit's contributions to these sections.
	struct rcgo_bytes abbrev, str_offsets, rnglists;
	uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
	uint64_t base;	// address that ranges are relative to
	uint64_t lines; // offset in .debug_line
	struct rcgo_value low, high, ranges;
	const char *name, *directory, *split_name; // NULL if absent
};

// The attributes of an entry that symbolization needs.
struct rcgo_die {
	uint64_t offset; // in .debug_info
	uint16_t tag;
	bool children;
	struct rcgo_value name, linkage_name, low, high, ranges, origin, sibling, lines, directory,
		split_name, id, language, str_offsets_base, addr_base, rnglists_base, ranges_base;
	uint32_t call_file, call_line, call_column;
};

static inline const struct rcgo_abbrev *
rcgo__abbrevs_all(const struct rcgo_abbrevs *abbrevs)
{
	return (const struct rcgo_abbrev *)(abbrevs + 1);
}

static inline const struct rcgo_spec *
rcgo__abbrevs_specs(const struct rcgo_abbrevs *abbrevs)
{
	return (const struct rcgo_spec *)(rcgo__abbrevs_all(abbrevs) + abbrevs->count);
}

// Charges n steps to the budget. Returns whether any budget is left.
static inline bool
rcgo__dwarf_charge(struct rcgo_dwarf *dwarf, uint64_t n)
{
	dwarf->memory->budget -= (int64_t)n;
	return dwarf->memory->budget > 0;
}

// Returns a section of the file. The first call reads it from elf.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__dwarf_section(
	struct rcgo_dwarf *dwarf, enum rcgo_dwarf_section which);

// Maps a DWARF form to a code that fits a byte. Returns 0 for an unknown form. The functions below
// take this code: they return the size of a value or RCGO_SIZE_VARIES, read a value, or skip it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint8_t rcgo__form_code(uint64_t form);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint8_t rcgo__form_size(uint8_t form, const struct rcgo_encoding *encoding);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_value rcgo__form_read(struct rcgo_reader *c, uint8_t form, int32_t implicit,
	const struct rcgo_encoding *encoding);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__form_skip(
	struct rcgo_reader *c, uint8_t form, const struct rcgo_encoding *encoding);

// Resolve a value to a string (NULL if absent) or an address.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__value_text(
	const struct rcgo_unit *unit, const struct rcgo_value *value);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__value_address(
	const struct rcgo_unit *unit, const struct rcgo_value *value, uint64_t *address);
// Reads the entry with this index in the unit's contribution to .debug_addr.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_address(
	const struct rcgo_unit *unit, uint64_t index, uint64_t *address);

// Sets unit->abbrevs, from the cache or by reading them into it. Returns whether it is set.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_abbrevs(struct rcgo_unit *unit);
// Reads the abbreviation for one code, or all if only_code is 0, into scratch memory.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_abbrevs *rcgo__abbrevs_read(
	const struct rcgo_unit *unit, uint64_t only_code);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_abbrev *rcgo__abbrev_find(
	const struct rcgo_abbrevs *abbrevs, uint64_t code, struct rcgo_dwarf *dwarf);

// Reads the attributes of the entry at die->offset, whose code has been read, with its
// abbreviation.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__die_read(struct rcgo_reader *c, const struct rcgo_abbrev *abbrev,
	const struct rcgo_spec *specs, const struct rcgo_encoding *encoding, struct rcgo_die *die);

// Reads the unit header at offset and the root entry. skeleton is NULL unless this is a split unit.
// Returns whether this is a unit with code. If the header is readable, unit->end is set in any
// case.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_read(struct rcgo_unit *unit, struct rcgo_dwarf *dwarf, uint64_t offset,
	const struct rcgo_unit *skeleton);

// Finds the offsets of all units. Returns whether there are any.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_units(struct rcgo_dwarf *dwarf);
// Finds the start of the unit that contains offset. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_unit_at(struct rcgo_dwarf *dwarf, uint64_t offset, uint64_t *unit);

// An iterator over a list of address ranges.
struct rcgo_ranges {
	const struct rcgo_unit *unit;
	struct rcgo_reader c;
	uint64_t base;
	uint64_t low, high; // of an entry without a list
	enum { RCGO_RANGES_END, RCGO_RANGES_PAIR, RCGO_RANGES_OLD, RCGO_RANGES_NEW } shape;
};

// Starts iterating over the ranges of an entry: its range list, or the range from low to high.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_ranges rcgo__ranges_of(const struct rcgo_unit *unit,
	const struct rcgo_value *low, const struct rcgo_value *high,
	const struct rcgo_value *ranges);
// Stores the next range that is not empty and not code that the linker discarded. Returns false at
// the end.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__ranges_next(struct rcgo_ranges *ranges, uint64_t *low, uint64_t *high);

// Returns whether the unit's language mangles names, so that linker names differ from source names.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_mangles(const struct rcgo_unit *unit);

#endif // RCGO_DWARF_UNIT_H
