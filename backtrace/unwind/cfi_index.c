// SPDX-License-Identifier: BSD-3-Clause
// Finds the FDE of a program counter in .eh_frame_hdr or .eh_frame. Safe in signal handlers, on any
// stack.

#include "cfi.h"
#include "safe_read.h"
#include "unwind_cache.h"

// The sorted table of .eh_frame_hdr: pairs of a function's address and its FDE's address.
struct hdr_table {
	uintptr_t hdr;
	uintptr_t at;
	size_t count;
	unsigned width; // size of one address
	uint8_t encoding;
	uintptr_t eh_frame;
};

#define HDR_SIZE 12 // size in the format that linkers write
#define HDR_MAX 20

// Parses .eh_frame_hdr. A count of 0 means that there is no table that can be searched.
static bool
read_hdr(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size, struct hdr_table *table)
{
	uint8_t buf[HDR_MAX];
	size_t available = hdr < area->end ? area->end - hdr : 0;
	size_t size = available < HDR_MAX ? available : HDR_MAX;
	const uint8_t *bytes = rcgo__cfi_view(area, hdr, size, buf, sizeof buf);
	struct rcgo_cursor c;
	uintptr_t moved, used;

	if (bytes == NULL || size < 4 || bytes[0] != 1 || bytes[1] == DW_EH_PE_OMIT) {
		return false;
	}
	if (hdr_size == 0 || hdr_size > available) {
		hdr_size = available;
	}
	moved = hdr - (uintptr_t)bytes;
	c = rcgo__cursor(bytes + 4, bytes + size);
	*table = (struct hdr_table){.hdr = hdr, .encoding = bytes[3]};
	table->eh_frame = rcgo__cursor_address(&c, bytes[1], moved, hdr);
	if (c.bad) {
		return false;
	}
	if (bytes[2] == DW_EH_PE_OMIT || bytes[3] == DW_EH_PE_OMIT) {
		return true;
	}
	table->count = rcgo__cursor_address(&c, bytes[2], moved, hdr);
	table->at = (uintptr_t)c.at + moved;
	table->width = rcgo__encoded_size(bytes[3]);
	used = table->at - hdr;
	if (c.bad || table->width == 0 || used > hdr_size ||
		table->count > (hdr_size - used) / (2 * table->width)) {
		table->count = 0;
	}
	return true;
}

// Stores the address in field 0 or 1 of entry i.
static bool
table_address(const struct rcgo_cfi_area *area, const struct hdr_table *table, size_t i,
	unsigned field, uintptr_t *address)
{
	uint8_t buf[8];
	uintptr_t at = table->at + (2 * i + field) * table->width;
	const uint8_t *bytes = rcgo__cfi_view(area, at, table->width, buf, sizeof buf);
	struct rcgo_cursor c;

	if (bytes == NULL) {
		return false;
	}
	c = rcgo__cursor(bytes, bytes + table->width);
	*address = rcgo__cursor_address(&c, table->encoding, at - (uintptr_t)bytes, table->hdr);
	return !c.bad;
}

// Stores the FDE of the last function that starts at or before pc, in a table of any format.
static bool
search_hdr_any(const struct rcgo_cfi_area *area, const struct hdr_table *table, uintptr_t pc,
	uintptr_t *fde)
{
	size_t low = 0;
	size_t high = table->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uintptr_t start;

		if (!table_address(area, table, mid, 0, &start)) {
			return false;
		}
		if (start <= pc) {
			low = mid + 1;
		} else {
			high = mid;
		}
	}
	return low > 0 && table_address(area, table, low - 1, 1, fde);
}

RCGO_UNINSTRUMENTED_READS bool
rcgo__cfi_pairs_find(const struct rcgo_cfi_pairs *pairs, uintptr_t pc, uintptr_t *fde)
{
	const struct rcgo_cfi_pair *base = pairs->at;
	size_t count = pairs->count;
	intptr_t want = (intptr_t)(pc - pairs->hdr);

	if (count == 0 || base->start > want) {
		return false;
	}
	while (count > 1) {
		size_t half = count / 2;

		if (base[half].start <= want) {
			base += half;
			count -= half;
		} else {
			count = half;
		}
	}
	*fde = pairs->hdr + (uintptr_t)(intptr_t)base->fde;
	return true;
}

// Reports whether the whole table, of an object that is never unmapped, is readable in place.
static bool
table_readable(const struct rcgo_cfi_area *area, const struct hdr_table *table)
{
	// at is a multiple of 4, so bit 0 can distinguish a table from a page.
	uintptr_t what = (table->at + ((table->count * (uintptr_t)RCGO_UNWIND_ENTRY_MIX) << 2)) | 1;

	if (!area->nodelete || table->encoding != 0x3b || table->at % sizeof(int32_t) != 0) {
		return false;
	}
	if (rcgo__cached_fact_load(what, RCGO_FACT_SEEN) != 0) {
		return true;
	}
	if (!rcgo__cfi_pages_readable(table->at, table->count * sizeof(struct rcgo_cfi_pair))) {
		return false;
	}
	rcgo__cached_fact_store(what, RCGO_FACT_SEEN, 0);
	return true;
}

static struct rcgo_cfi_pairs
pairs_of(const struct hdr_table *table)
{
	return (struct rcgo_cfi_pairs){
		.at = (const struct rcgo_cfi_pair *)table->at,
		.count = table->count,
		.hdr = table->hdr,
	};
}

// The cached fact about a table: its offset from .eh_frame_hdr, and its number of entries.
#define TABLE_AT_MAX 255
#define TABLE_COUNT 32

_Static_assert(HDR_MAX <= TABLE_AT_MAX, "fits");

bool
rcgo__cfi_pairs(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size,
	struct rcgo_cfi_pairs *pairs)
{
	uint64_t fact = area->nodelete ? rcgo__cached_fact_load(hdr, RCGO_FACT_TABLE) : 0;
	struct hdr_table table = {
		.hdr = hdr,
		.at = hdr + (fact >> RCGO_FACT_SHIFT & TABLE_AT_MAX),
		.count = fact >> TABLE_COUNT,
	};

	if (fact == 0) {
		if (!area->nodelete || !read_hdr(area, hdr, hdr_size, &table) || table.count == 0 ||
			table.count > UINT32_MAX || !table_readable(area, &table)) {
			return false;
		}
		rcgo__cached_fact_store(hdr, RCGO_FACT_TABLE,
			(uint64_t)table.count << TABLE_COUNT | (table.at - hdr) << RCGO_FACT_SHIFT);
	}
	*pairs = pairs_of(&table);
	return true;
}

// The maximum number of entries to scan in an .eh_frame without a table.
#define SCAN_MAX 200000
#define SCAN_MAX_COPIED 2000

// Reads the length of the entry at *address and advances *address past the length. Returns 0 at the
// end.
static uint64_t
entry_size(const struct rcgo_cfi_area *area, uintptr_t *address)
{
	unsigned size = 4;
	uint64_t value = 0;

	do {
		uint8_t buf[8];
		const uint8_t *bytes = rcgo__cfi_view(area, *address, size, buf, sizeof buf);
		struct rcgo_cursor c;

		if (bytes == NULL) {
			return 0;
		}
		c = rcgo__cursor(bytes, bytes + size);
		value = rcgo__cursor_fixed(&c, size);
		*address += size;
		size += 4;
	} while (value == 0xffffffff && size == 8);
	return value <= area->end - *address ? value : 0;
}

// Scans FDEs from address on for the one that contains pc.
static bool
scan_entries(const struct rcgo_cfi_area *area, uintptr_t address, uintptr_t pc,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	unsigned left = area->nodelete ? SCAN_MAX : SCAN_MAX_COPIED;

	while (left-- > 0) {
		uintptr_t body = address;
		uint64_t size = entry_size(area, &body);

		if (size == 0) {
			return false;
		}
		if (rcgo__cfi_parse(area, address, fde, copy) &&
			pc - fde->start < fde->end - fde->start) {
			return true;
		}
		address = body + size;
	}
	return false;
}

bool
rcgo__cfi_find(const struct rcgo_cfi_area *area, uintptr_t hdr, size_t hdr_size, uintptr_t pc,
	struct rcgo_fde *fde, struct rcgo_cfi_copy *copy)
{
	struct hdr_table table;
	uintptr_t at;
	bool found;

	if (!read_hdr(area, hdr, hdr_size, &table)) {
		return false;
	}
	if (table.count == 0) {
		return scan_entries(area, table.eh_frame, pc, fde, copy);
	}
	if (table_readable(area, &table)) {
		struct rcgo_cfi_pairs pairs = pairs_of(&table);

		found = rcgo__cfi_pairs_find(&pairs, pc, &at);
	} else {
		found = search_hdr_any(area, &table, pc, &at);
	}
	return found && rcgo__cfi_parse(area, at, fde, copy) &&
	       pc - fde->start < fde->end - fde->start;
}
