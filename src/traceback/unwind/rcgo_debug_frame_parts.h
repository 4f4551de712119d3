// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the two files of rcgo_debug_frame.h share: the section's bytes
// and the index of its entries.
#ifndef RCGO_DEBUG_FRAME_PARTS_H
#define RCGO_DEBUG_FRAME_PARTS_H

#include "rcgo_debug_frame.h"

// Gets m's .debug_frame out of its file into memory of its own. Returns its size, 0 without one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frame_load(const struct rcgo_module *m, uint8_t **section);

// A function's entry. Addresses are those in the file.
struct rcgo_debug_entry {
	uintptr_t start, end;
	uint32_t fde; // offset in the section
};

// Stores up to max entries of the section. Returns how many there are in all.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frame_entries(
	const uint8_t *section, size_t size, struct rcgo_debug_entry *entry, size_t max);

#endif // RCGO_DEBUG_FRAME_PARTS_H
