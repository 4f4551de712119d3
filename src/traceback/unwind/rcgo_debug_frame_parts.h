// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the files of rcgo_debug_frame.h share: the section's bytes
// and the index of its entries.
#ifndef RCGO_DEBUG_FRAME_PARTS_H
#define RCGO_DEBUG_FRAME_PARTS_H

#include "rcgo_debug_frame.h"

// The bytes of a section: a copy of what only the file has, or what is loaded.
struct rcgo_frame_section {
	uint8_t *at;
	size_t size; // 0: there is none
	bool loaded;
};

// Finds by m's file its .eh_frame, where it has no .eh_frame_hdr and is never unmapped, or copies
// its .debug_frame.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN struct rcgo_frame_section rcgo__frame_section(const struct rcgo_module *m);

// A function's entry. Addresses are those in the file.
struct rcgo_debug_entry {
	uintptr_t start, end;
	uint32_t fde; // offset in the section
};

// Stores up to max entries of the section. Returns how many there are in all.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frame_entries(
	const uint8_t *section, size_t size, struct rcgo_debug_entry *entry, size_t max);

// The same of an .eh_frame, where it is loaded.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__eh_frame_entries(const uint8_t *section, size_t size, uintptr_t bias,
	struct rcgo_debug_entry *entry, size_t max);

#endif // RCGO_DEBUG_FRAME_PARTS_H
