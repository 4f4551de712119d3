// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: abbreviations, which say how the entries of a unit are written. Runs on any
// stack.

#include "rcgo_dwarf.h"

#include <string.h>

// Reads one abbreviation whose code has been read, and its specs where there is room for them.
// Returns whether all its forms are known.
static bool
abbrev_read(struct rcgo_reader *c, const struct rcgo_encoding *encoding, struct rcgo_abbrev *abbrev,
	struct rcgo_spec *specs, size_t room)
{
	uint64_t tag = rcgo__reader_uleb(c);
	uint32_t fixed = 0; // bytes so far; beyond RCGO_FIXED_NONE when that cannot be said

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
		if (abbrev->count < room) {
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

// Counts the abbreviations that only_code wants, or all when that is 0, and their specs; the
// first that is broken is taken for the end.
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
			break; // it was readable when it was counted
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
	// The share of a .dwp file is part of where they are; so is what sizes depend on.
	struct rcgo_reader c = abbrevs_cursor(unit);
	uint64_t share = unit->abbrev.size == 0
				 ? 0
				 : (uint64_t)(unit->abbrev.at -
					      rcgo__dwarf_section(unit->dwarf, RCGO_DW_ABBREV).at);
	uint64_t key = (share + unit->abbrev_offset) << 3 | (unit->encoding.offset_size == 8) << 2 |
		       (unit->encoding.version <= 2) << 1 | (unit->encoding.address_size == 8);
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

	// Nearly always they are numbered 1, 2, 3, …
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
