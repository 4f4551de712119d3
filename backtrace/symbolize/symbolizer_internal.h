// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: one ELF file with all that is known of its code. For symbolize/ alone.
#ifndef RCGO_SYMBOLIZER_INTERNAL_H
#define RCGO_SYMBOLIZER_INTERNAL_H

#include "dwarf_object.h"
#include "module.h"
#include "module_generation.h"
#include "symbol_table.h"

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

// Traceback Generation: the objects of this process, and the memory for describing them. For
// symbolize/ alone.

#define RCGO_INPROCESS_PATH 1024
#define RCGO_INPROCESS_OBJECTS 64

// An object that was looked at.
struct rcgo_inprocess_object {
	struct rcgo_module module;
	struct rcgo_object *object; // NULL when its file could not be opened
};

// A set of memory with what was opened in it.
struct rcgo_inprocess {
	uint32_t busy; // taken by whoever made it 1
	bool ready;
	struct rcgo_arena keep;
	struct rcgo_dwarf_memory memory;
	struct rcgo_inprocess_object objects[RCGO_INPROCESS_OBJECTS];
	uint32_t opened;			  // since memory was new
	uintptr_t generated_start, generated_end; // where code without an object was last
	char path[RCGO_INPROCESS_PATH];		  // of the file that is being opened
};

// What a caller asks for.
struct rcgo_inprocess_query {
	uintptr_t pc;
	bool cached;	  // see struct rcgo_dwarf_memory
	bool demangled;	  // names as the source has them
	bool by_function; // all of a function without a symbol has the name of its first address
};

// Describes a program counter with that memory, which the caller has taken; strings are put into
// text. Returns how many frames there are; 0 when there is no code at pc.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__inprocess_frames(struct rcgo_inprocess *here,
	const struct rcgo_inprocess_query *query, struct rcgo_frame *frames, size_t max,
	struct rcgo_line_text *text);

// Where a program counter lies.
struct rcgo_inprocess_mapping {
	uintptr_t pc;
	bool known;	// which object holds it
	bool generated; // by a just-in-time compiler
	struct rcgo_module module;
	const struct rcgo_module_generation *edition; // NULL for what is mapped now
};

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inprocess_find(uintptr_t pc, struct rcgo_inprocess_mapping *place);

// Whether there may be code at place. For one that is not known it asks the kernel, and sets
// generated; here may be NULL.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inprocess_is_code(
	struct rcgo_inprocess *here, struct rcgo_inprocess_mapping *place);

// Copies s into text; cut when there is little room, NULL without any.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__inprocess_copy(struct rcgo_line_text *text, const char *s);

// The path of the object's file, cut to cap - 1 bytes. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inprocess_name(
	const struct rcgo_inprocess_mapping *place, char *path, size_t cap);

// The last resort: module+0xoffset, [JIT], or the address alone.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inprocess_fallback(const struct rcgo_inprocess_mapping *place,
	struct rcgo_frame *frame, struct rcgo_line_text *text);

#endif // RCGO_SYMBOLIZER_INTERNAL_H
