// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: lists of address ranges, .debug_ranges and .debug_rnglists. Runs on any
// stack.

#include "rcgo_dwarf.h"

static uint64_t
ranges_top(const struct rcgo_unit *unit)
{
	return unit->encoding.address_size == 4 ? UINT32_MAX : UINT64_MAX;
}

// Where a list of DWARF 5 begins: the attribute names its offset, or its number in a table of
// offsets from that table.
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
	at = rcgo__bytes_slice(unit->rnglists, unit->rnglists_base + ranges->u * size, size);
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
		// The lists of a split unit of DWARF 4 are in the file that the linker made.
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

// Takes the rest of an entry of DWARF 5. Returns whether it is a range.
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
		// What is relative to dropped code is dropped too.
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
		r->c.at = r->c.end;
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
	// Linkers put code that they drop at 0, at the top or just below it, where no code is.
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
