// SPDX-License-Identifier: BSD-3-Clause
// Finds the start of a function that has no symbol, by .eh_frame_hdr, which stripped objects have
// too. Runs on any stack, also in signal handlers.
// Contract: the chapter on .eh_frame_hdr in the Linux Standard Base; the encodings that all linkers
// write.

#include <elf.h>

#include "elf_reader.h"

// The header: the version, three encodings, the address of .eh_frame, the number of entries.
#define HDR_VERSION 1
#define HDR_UDATA4 0x03
#define HDR_DATAREL_SDATA4 0x3b
#define HDR_TABLE 12
#define HDR_ENTRY 8

#ifndef PT_GNU_EH_FRAME
#	define PT_GNU_EH_FRAME 0x6474e550
#endif

// The sorted table. Each entry has the address of a function and of its FDE, relative to the
// header.
struct function_table {
	struct rcgo_bytes bytes;
	uint64_t address; // of the header
	uint64_t count;
};

static bool
function_table_find(const struct rcgo_elf *elf, struct function_table *table)
{
	struct rcgo_segment segment;
	struct rcgo_bytes hdr, head;

	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &segment); i++) {
		if (segment.type == PT_GNU_EH_FRAME) {
			hdr = rcgo__bytes_slice(elf->image, segment.offset, segment.file_size);
			head = rcgo__bytes_read(hdr, 0, HDR_TABLE);
			if (head.size == 0 || head.at[0] != HDR_VERSION ||
				(head.at[1] & 0x0f) % 8 != HDR_UDATA4 || head.at[2] != HDR_UDATA4 ||
				head.at[3] != HDR_DATAREL_SDATA4) {
				return false;
			}
			table->address = segment.address;
			table->count = rcgo__get32(head.at + 8, elf->big);
			table->bytes = rcgo__bytes_slice(hdr, HDR_TABLE, table->count * HDR_ENTRY);
			return table->bytes.size != 0;
		}
	}
	return false;
}

static uint64_t
function_table_word(const struct rcgo_elf *elf, const struct function_table *table, uint64_t at)
{
	const uint8_t *word = rcgo__bytes_read(table->bytes, at, 4).at;

	return table->address + (uint64_t)(int32_t)rcgo__get32(word, elf->big);
}

// Returns the size of the function at start according to its FDE, or 0 if its encoding is
// unsupported. The FDE's addresses are PC-relative in 4 or 8 bytes, or absolute in 8.
static uint64_t
function_size(const struct rcgo_elf *elf, uint64_t fde, uint64_t start)
{
	struct rcgo_bytes b = rcgo__bytes_read(rcgo__elf_at_address(elf, fde), 0, 24);
	uint64_t wide;

	if (b.size == 0) {
		return 0;
	}
	if (fde + 8 + (uint64_t)(int32_t)rcgo__get32(b.at + 8, elf->big) == start) {
		return rcgo__get32(b.at + 12, elf->big);
	}
	wide = rcgo__get64(b.at + 8, elf->big);
	return wide == start || fde + 8 + wide == start ? rcgo__get64(b.at + 16, elf->big) : 0;
}

bool
rcgo__elf_function(const struct rcgo_elf *elf, uint64_t address, uint64_t *start)
{
	struct function_table table = {.count = 0};
	uint64_t low = 0, high;

	if (!function_table_find(elf, &table)) {
		return false;
	}
	// Find the last entry that starts at or before address.
	for (high = table.count; low < high;) {
		uint64_t middle = low + (high - low) / 2;

		if (function_table_word(elf, &table, middle * HDR_ENTRY) <= address) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low == 0) {
		return false;
	}
	*start = function_table_word(elf, &table, (low - 1) * HDR_ENTRY);
	return address - *start <
	       function_size(
		       elf, function_table_word(elf, &table, (low - 1) * HDR_ENTRY + 4), *start);
}
