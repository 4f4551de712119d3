// SPDX-License-Identifier: BSD-3-Clause
// dwarf_object.h: the debug information of one object. Finds the unit that contains an address, the
// split unit that belongs to it, and the chain of functions at the address.
#ifndef RCGO_DWARF_OBJECT_H
#define RCGO_DWARF_OBJECT_H

#include "debug_file.h"
#include "dwarf_inline.h"
#include "dwarf_line.h"
#include "symbolizer.h"

// The size (log2) of the table of recently read units, hashed by their offset. Each unit has its
// split unit next to it.
#define RCGO_DEBUG_RECENT_BITS 9

// A .dwo file, or the .dwp file that contains all of them.
struct rcgo_debug_split {
	struct rcgo_debug_split *next;
	uint64_t id; // id of the unit it was opened for; unused for a .dwp file
	struct rcgo_elf elf;
	struct rcgo_dwarf dwarf; // has no units if it could not be opened
};

struct rcgo_debug {
	struct rcgo_dwarf main, common;
	const char *path; // of the object; split files are searched for beside it
	// All ranges of all units. A range's value is an index into main.units.
	struct rcgo_pc_range *index;
	uint32_t index_count;
	bool indexed;		   // the index was built, or building it failed
	uint32_t lookups;	   // number of lookups so far, saturating
	struct rcgo_unit **recent; // NULL if memory ran out
	struct rcgo_debug_split *splits, *package;
	bool package_known;
	uint32_t discriminator; // of the last address symbolized; 0 if its line has one block
	// The outermost name of the last chain is a source name, and the linker name differs.
	bool source_name;
};

// Prepares to read the DWARF of elf and of common, dwz's common file, or NULL. Returns whether
// there is DWARF. id distinguishes files that share a memory; id + 1 is used too.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_init(struct rcgo_debug *debug, struct rcgo_dwarf_memory *memory,
	const struct rcgo_elf *elf, const struct rcgo_elf *common, uint16_t id);

// Symbolizes an address. Returns the number of frames. A single frame whose function is NULL means
// that only the line is known.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__debug_frames(struct rcgo_debug *debug, uint64_t address,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text);

// Closes the split files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__debug_close(struct rcgo_debug *debug);

// Returns the unit at offset of debug->main. It is valid until other units are read. Returns NULL
// if it is not a unit with code.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_unit *rcgo__debug_unit(struct rcgo_debug *debug, uint64_t offset);

// Returns the split unit of a skeleton, or the unit itself.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_unit *rcgo__debug_split(struct rcgo_debug *debug, struct rcgo_unit *unit);

// Finds the unit of address in .debug_aranges. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_aranges(struct rcgo_debug *debug, uint64_t address, uint64_t *unit);

// Builds the index. Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debug_index(struct rcgo_debug *debug);

#endif // RCGO_DWARF_OBJECT_H
