// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: call frame information of objects that have it only for debuggers,
// in .debug_frame (C compiled with -g and without unwind tables). No such section is loaded, so it
// is read from the file, once, and kept with an index.
#ifndef RCGO_DEBUG_FRAME_H
#define RCGO_DEBUG_FRAME_H

#include "rcgo_module.h"

// Where the entry of a function lies in our copy of the section, which stays for good. Addresses in
// it are those in the file.
struct rcgo_debug_frame {
	uintptr_t start, end; // the section
	uintptr_t fde;
};

// Finds the entry of the function of m that holds pc. The first question about an object reads its
// file: at most 4 MiB, and not what is compressed or another file than the mapped one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_frame_find(
	const struct rcgo_module *m, uintptr_t pc, struct rcgo_debug_frame *out);

#endif // RCGO_DEBUG_FRAME_H
