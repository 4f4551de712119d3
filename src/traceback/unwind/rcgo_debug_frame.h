// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: call frame information of objects without .eh_frame_hdr: static
// programs, whose .eh_frame has no sorted table, and C compiled with -g and without unwind tables,
// which has it only for debuggers, in .debug_frame. Files say where these sections are, so the file
// is read, once, and an index kept.
#ifndef RCGO_DEBUG_FRAME_H
#define RCGO_DEBUG_FRAME_H

#include "rcgo_module.h"

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

#endif // RCGO_DEBUG_FRAME_H
