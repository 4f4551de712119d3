// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: call frame information of objects without .eh_frame_hdr: static
// programs, whose .eh_frame has no sorted table, and C compiled with -g and without unwind tables,
// which has it only for debuggers, in .debug_frame. Files say where these sections are, so the file
// is read, once, and an index kept.
#ifndef RCGO_DEBUG_FRAME_H
#define RCGO_DEBUG_FRAME_H

#include "module.h"

// Where the entry of a function lies in the section, which stays for good.
struct rcgo_debug_frame {
	uintptr_t start, end; // the section
	uintptr_t fde;
	// It is the .eh_frame that is loaded, and of that format; else our copy of .debug_frame,
	// and addresses in it are those in the file.
	bool loaded;
};

// Finds the entry of the function of m that holds pc. The first question about an object reads its
// file; no .debug_frame of more than 4 MiB or compressed, and no other file than the mapped one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_frame_find(
	const struct rcgo_module *m, uintptr_t pc, struct rcgo_debug_frame *out);

// Traceback Generation, unwind: what the files of debug_frame.h share: the section's bytes
// and the index of its entries.

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

#endif // RCGO_DEBUG_FRAME_H
