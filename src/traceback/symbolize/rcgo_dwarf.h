// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: reading DWARF 2 to 5, in 32 and 64 bits: sections, units, attributes.
//
// Nothing here trusts the file: each read is checked against its section, what is broken reads as
// absent, and work is charged to a budget, so that a forged file costs a bounded time.
// Contract: the DWARF standards 2 to 5; binutils' and GCC's notes on split DWARF 4 and on dwz.
#ifndef RCGO_DWARF_H
#define RCGO_DWARF_H

#include "rcgo_dwarf_cache.h"
#include "rcgo_dwarf_codes.h"
#include "rcgo_dwarf_reader.h"
#include "rcgo_elf.h"

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

// What the readers of one lookup share.
struct rcgo_dwarf_memory {
	struct rcgo_arena *keep;   // what lives as long as the files
	struct rcgo_arena scratch; // what lives as long as a lookup
	struct rcgo_dwarf_cache cache;
	int64_t budget;	      // steps that are left
	int64_t step_limit;   // what budget is at the start of a lookup
	uint16_t split_files; // opened so far
	bool cached;	      // tables of whole units are made and kept
};

#define RCGO_DWARF_BUDGET (INT64_C(1) << 27)

// A file with DWARF: a debug file, dwz's common file, a .dwo or .dwp file.
struct rcgo_dwarf {
	struct rcgo_dwarf_memory *memory;
	const struct rcgo_elf *elf; // NULL when all sections were given
	struct rcgo_dwarf *common;  // the file that dwz moved entries to; NULL without one
	struct rcgo_bytes sections[RCGO_DW_SECTIONS];
	uint32_t loaded; // a bit for each section that was looked for
	uint16_t id;	 // tells the files of a memory apart
	bool big;	 // the most significant byte comes first
	bool split;	 // the sections' names end in .dwo
	uint64_t *units; // where they begin in .debug_info, ascending
	size_t unit_count;
	bool units_known;
};

// What the size of a form depends on.
struct rcgo_encoding {
	uint64_t unit; // where in .debug_info the unit begins
	uint16_t version;
	uint8_t address_size, offset_size;
	bool big;
};

enum rcgo_value_kind {
	RCGO_VALUE_NONE, // also what is of no use here
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
	RCGO_VALUE_SECTION, // an offset in the section that the attribute means
	RCGO_VALUE_RANGES_INDEX,
};

struct rcgo_value {
	uint64_t u;
	enum rcgo_value_kind kind;
};

// An attribute of an abbreviation. size is that of the value, or RCGO_SIZE_VARIES.
struct rcgo_spec {
	uint16_t attribute;
	uint8_t form; // as rcgo__form_code makes it
	uint8_t size;
	int32_t implicit; // the value of DW_FORM_implicit_const
};

#define RCGO_SIZE_VARIES 0xff

struct rcgo_abbrev {
	uint32_t code;
	uint32_t first; // of its specs
	uint16_t count; // of them
	uint16_t tag;
	uint16_t fixed;	  // size of all values, or RCGO_FIXED_NONE
	uint16_t sibling; // where DW_AT_sibling is in the values, or RCGO_FIXED_NONE
	uint8_t sibling_size;
	bool children;
};

#define RCGO_FIXED_NONE 0xffff

struct rcgo_abbrevs {
	uint32_t count;
	uint32_t spec_count;
	bool ascending; // codes; else each search is a walk
			// count abbreviations and spec_count specs follow
};

struct rcgo_unit {
	struct rcgo_dwarf *dwarf;
	struct rcgo_encoding encoding;
	uint64_t first, end; // of the entries, in .debug_info
	uint64_t id;	     // that a skeleton and its split unit share
	uint64_t abbrev_offset;
	uint8_t kind; // DW_UT_*
	bool has_id, has_lines;
	uint16_t language;
	const struct rcgo_abbrevs *abbrevs;		 // NULL until they are wanted
	const struct rcgo_unit *skeleton;		 // of a split unit
	struct rcgo_bytes abbrev, str_offsets, rnglists; // its share of these sections
	uint64_t str_offsets_base, addr_base, rnglists_base, ranges_base;
	uint64_t base;	// address that ranges are relative to
	uint64_t lines; // offset in .debug_line
	struct rcgo_value low, high, ranges;
	const char *name, *directory, *split_name; // NULL when absent
};

// The attributes of an entry that are of use here.
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

// Charges n steps. Returns whether there is any budget left.
static inline bool
rcgo__dwarf_charge(struct rcgo_dwarf *dwarf, uint64_t n)
{
	dwarf->memory->budget -= (int64_t)n;
	return dwarf->memory->budget > 0;
}

// A section of the file, from elf at the first call.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__dwarf_section(
	struct rcgo_dwarf *dwarf, enum rcgo_dwarf_section which);

// Forms. The code of a form fits a byte: 0 is one that is not known.
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

// What a value means. A text is NULL when absent.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__value_text(
	const struct rcgo_unit *unit, const struct rcgo_value *value);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__value_address(
	const struct rcgo_unit *unit, const struct rcgo_value *value, uint64_t *address);
// The entry number index of .debug_addr, as unit sees it.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_address(
	const struct rcgo_unit *unit, uint64_t index, uint64_t *address);

// The abbreviations of unit, from the cache or into it. Returns whether unit->abbrevs is set.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_abbrevs(struct rcgo_unit *unit);
// Those that are needed for one code alone, in scratch memory.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_abbrevs *rcgo__abbrevs_read(
	const struct rcgo_unit *unit, uint64_t only_code);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const struct rcgo_abbrev *rcgo__abbrev_find(
	const struct rcgo_abbrevs *abbrevs, uint64_t code, struct rcgo_dwarf *dwarf);

// Reads the attributes of an entry whose code has been read, at offset, with its abbreviation.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__die_read(struct rcgo_reader *c, const struct rcgo_abbrev *abbrev,
	const struct rcgo_spec *specs, const struct rcgo_encoding *encoding, struct rcgo_die *die);

// Reads the header at offset and the root entry. skeleton is NULL but for a split unit. Returns
// whether this is a unit with code; where the header is readable, unit->end is set in any case.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__unit_read(struct rcgo_unit *unit, struct rcgo_dwarf *dwarf, uint64_t offset,
	const struct rcgo_unit *skeleton);

// Finds where all units begin. Returns whether there are any.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_units(struct rcgo_dwarf *dwarf);
// Where the unit begins that holds offset.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_unit_at(struct rcgo_dwarf *dwarf, uint64_t offset, uint64_t *unit);

// A list of address ranges, one by one.
struct rcgo_ranges {
	const struct rcgo_unit *unit;
	struct rcgo_reader c;
	uint64_t base;
	uint64_t low, high; // of an entry without a list
	enum { RCGO_RANGES_END, RCGO_RANGES_PAIR, RCGO_RANGES_OLD, RCGO_RANGES_NEW } shape;
};

// The ranges of an entry: its list, or what lies between its low and high address.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_ranges rcgo__ranges_of(const struct rcgo_unit *unit,
	const struct rcgo_value *low, const struct rcgo_value *high,
	const struct rcgo_value *ranges);
// The next range that is not empty and not of code that the linker dropped.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__ranges_next(struct rcgo_ranges *ranges, uint64_t *low, uint64_t *high);

#endif // RCGO_DWARF_H
