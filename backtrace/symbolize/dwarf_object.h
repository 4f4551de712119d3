// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the debug information of one object: which unit holds an address, the
// split unit that belongs to it, and the chain of functions there.
#ifndef RCGO_DWARF_OBJECT_H
#define RCGO_DWARF_OBJECT_H

#include "debug_file.h"
#include "dwarf_inline.h"
#include "dwarf_line.h"
#include "symbolizer.h"

// Units that were read last, by where they begin; each with its split unit behind it.
#define RCGO_DEBUG_RECENT_BITS 9

// A .dwo file, or the .dwp file that holds all of them.
struct rcgo_debug_split {
	struct rcgo_debug_split *next;
	uint64_t id; // of the unit that it was opened for; not used for a .dwp file
	struct rcgo_elf elf;
	struct rcgo_dwarf dwarf; // without units when it could not be opened
};

struct rcgo_debug {
	struct rcgo_dwarf main, common;
	const char *path; // of the object, where split files are looked for
	// All ranges of all units, whose values are numbers of main.units.
	struct rcgo_pc_range *index;
	uint32_t index_count;
	bool indexed;		   // or tried to
	uint32_t lookups;	   // so far; stays at the top
	struct rcgo_unit **recent; // NULL without memory
	struct rcgo_debug_split *splits, *package;
	bool package_known;
	uint32_t discriminator; // of the last address described; 0 when its line has no parts
	// The outermost name of the last chain is the source's alone, and the linker has another.
	bool source_name;
};

// Prepares reading elf, and what dwz moved to common (or NULL). Returns whether there is DWARF.
// id tells files that share a memory apart; the one above it is taken too.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_init(struct rcgo_debug *debug, struct rcgo_dwarf_memory *memory,
	const struct rcgo_elf *elf, const struct rcgo_elf *common, uint16_t id);

// Describes an address. Returns how many frames there are. One frame whose function is NULL says
// that only the line is known.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frames(struct rcgo_debug *debug, uint64_t address,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text);

// Closes split files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__debug_close(struct rcgo_debug *debug);

// The unit at offset of debug->main; it stays until other units are read. NULL without code.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_unit *rcgo__debug_unit(struct rcgo_debug *debug, uint64_t offset);

// The split unit of a skeleton, or the unit itself.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_unit *rcgo__debug_split(struct rcgo_debug *debug, struct rcgo_unit *unit);

// Finds the unit that .debug_aranges gives for address. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_aranges(struct rcgo_debug *debug, uint64_t address, uint64_t *unit);

// Makes the index. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_index(struct rcgo_debug *debug);

#endif // RCGO_DWARF_OBJECT_H
