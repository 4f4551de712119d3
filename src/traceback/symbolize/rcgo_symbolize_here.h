// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the objects of this process, and the memory for describing them. For
// symbolize/ alone.
#ifndef RCGO_SYMBOLIZE_HERE_H
#define RCGO_SYMBOLIZE_HERE_H

#include "rcgo_edition.h"
#include "rcgo_module.h"
#include "rcgo_symbolize_object.h"

#define RCGO_HERE_OBJECTS 64

// An object that was looked at.
struct rcgo_here_object {
	struct rcgo_module module;
	struct rcgo_object *object; // NULL when its file could not be opened
};

// A set of memory with what was opened in it.
struct rcgo_here {
	uint32_t busy; // taken by whoever made it 1
	bool ready;
	struct rcgo_arena keep;
	struct rcgo_dwarf_memory memory;
	struct rcgo_here_object objects[RCGO_HERE_OBJECTS];
	uint32_t opened; // since memory was new
};

// Describes pc with that memory, which the caller has taken; strings are put into text. Returns how
// many frames there are, at least 1.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__here_frames(struct rcgo_here *here, bool cached, uintptr_t pc,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text);

// Where a program counter lies.
struct rcgo_here_place {
	uintptr_t pc;
	bool known; // which object holds it
	struct rcgo_module module;
	const struct rcgo_edition *edition; // NULL for what is mapped now
};

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__here_find(uintptr_t pc, struct rcgo_here_place *place);

// The last resort: module+0xoffset, or the address alone.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__here_bare(
	const struct rcgo_here_place *place, struct rcgo_frame *frame, struct rcgo_line_text *text);

#endif // RCGO_SYMBOLIZE_HERE_H
