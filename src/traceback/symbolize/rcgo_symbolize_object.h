// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: one ELF file with all that is known of its code. For symbolize/ alone.
#ifndef RCGO_SYMBOLIZE_OBJECT_H
#define RCGO_SYMBOLIZE_OBJECT_H

#include "rcgo_dwarf_debug.h"
#include "rcgo_symtab.h"

struct rcgo_object {
	struct rcgo_dwarf_memory *memory;
	const char *path;
	struct rcgo_elf elf, common, mini;
	struct rcgo_debugfile file; // its DWARF, when that is not in elf
	struct rcgo_debug debug;
	struct rcgo_symtab symbols;
	struct rcgo_line_text text;
	uint32_t symbol_lookups;
	bool has_dwarf, symbols_known;
	bool owns_memory; // and shares it with no other object
};

// The memory for any number of objects that are used by one thread at a time. What lives on comes
// from keep, and cache bytes of it are for the cache. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_memory_init(
	struct rcgo_dwarf_memory *memory, struct rcgo_arena *keep, size_t cache);

// As rcgo__object_open, with that memory. Files of a memory have ids two apart. "[vdso]" is the one
// of this process.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_open_in(struct rcgo_dwarf_memory *memory, const char *path,
	struct rcgo_bytes build_id, uint16_t id, struct rcgo_object **out);

// As rcgo__object_frames; paths are put into text, all other strings are in the files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__object_frames_in(struct rcgo_object *object, uint64_t address,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text);

#endif // RCGO_SYMBOLIZE_OBJECT_H
