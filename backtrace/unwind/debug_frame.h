// SPDX-License-Identifier: BSD-3-Clause
// Call frame information of objects without .eh_frame_hdr. Static programs have an .eh_frame
// without a sorted table. C code that is compiled with -g and without unwind tables has only
// .debug_frame, for debuggers. The section headers in the file locate both, so the file is read
// once and an index is kept.
#ifndef RCGO_DEBUG_FRAME_H
#define RCGO_DEBUG_FRAME_H

#include "module.h"

// The location of a function's entry. The section is never freed.
struct rcgo_debug_frame {
	uintptr_t start, end; // the bounds of the section
	uintptr_t fde;
	// True: the section is the loaded .eh_frame, in that format. False: it is our copy of
	// .debug_frame, whose addresses are file addresses.
	bool loaded;
};

// Finds the entry of the function of m that contains pc. The first call for an object reads its
// file. It ignores a .debug_frame that is compressed or larger than 4 MiB, and a file that differs
// from the mapped one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_frame_find(
	const struct rcgo_module *m, uintptr_t pc, struct rcgo_debug_frame *out);

// Internal: the section's bytes and the index of its entries.

// The bytes of a section: a copy from the file, or the loaded section.
struct rcgo_frame_section {
	uint8_t *at;
	size_t size; // 0: no section was found
	bool loaded;
};

// Uses m's file to locate its loaded .eh_frame, if m has no .eh_frame_hdr and is never unmapped.
// Otherwise copies its .debug_frame.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN struct rcgo_frame_section rcgo__frame_section(const struct rcgo_module *m);

// The index entry of a function. Addresses are file addresses.
struct rcgo_debug_entry {
	uintptr_t start, end;
	uint32_t fde; // offset in the section
};

// Stores up to max entries of a .debug_frame. Returns the total number of entries.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frame_entries(
	const uint8_t *section, size_t size, struct rcgo_debug_entry *entry, size_t max);

// Stores up to max entries of a loaded .eh_frame. Returns the total number of entries.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__eh_frame_entries(const uint8_t *section, size_t size, uintptr_t bias,
	struct rcgo_debug_entry *entry, size_t max);

#endif // RCGO_DEBUG_FRAME_H
