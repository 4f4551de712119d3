// SPDX-License-Identifier: BSD-3-Clause
// symbolizer_internal.h: an opened object (an ELF file with its debug information and symbols), and
// the state of the in-process symbolizer. Only the files of symbolize/ include it.
#ifndef RCGO_SYMBOLIZER_INTERNAL_H
#define RCGO_SYMBOLIZER_INTERNAL_H

#include "dwarf_object.h"
#include "jit_names.h"
#include "module.h"
#include "module_generation.h"
#include "symbol_table.h"

struct rcgo_object {
	struct rcgo_dwarf_memory *memory;
	const char *path;
	struct rcgo_elf elf, common, mini;
	struct rcgo_debugfile file; // debug file, if elf has no DWARF
	struct rcgo_debug debug;
	struct rcgo_symtab symbols;
	struct rcgo_line_text text;
	uint32_t symbol_lookups;
	bool has_dwarf, symbols_known;
	bool owns_memory; // memory is not shared with another object
};

// Initializes the memory for any number of objects that one thread at a time uses. Long-lived data
// comes from keep, of which cache bytes are reserved for the cache. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_memory_init(
	struct rcgo_dwarf_memory *memory, struct rcgo_arena *keep, size_t cache);

// As rcgo__object_open, with the given memory. The ids of objects that share a memory differ by at
// least two. The path "[vdso]" means the vDSO of this process.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_open_in(struct rcgo_dwarf_memory *memory, const char *path,
	struct rcgo_bytes build_id, uint16_t id, struct rcgo_object **out);

// As rcgo__object_frames, but paths are stored in text. All other strings point into the files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__object_frames_in(struct rcgo_object *object, uint64_t address,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text);

// The in-process symbolizer: the objects of this process, and the memory for symbolizing them.

#define RCGO_INPROCESS_PATH 1024
#define RCGO_INPROCESS_OBJECTS 64

// An object that was opened, or that could not be opened.
struct rcgo_inprocess_object {
	struct rcgo_module module;
	struct rcgo_object *object; // NULL if its file could not be opened
};

// A set of memory with the objects that were opened in it.
struct rcgo_inprocess {
	uint32_t busy; // a try-lock: 1 while a caller uses this set
	bool ready;
	struct rcgo_arena keep;
	struct rcgo_dwarf_memory memory;
	struct rcgo_inprocess_object objects[RCGO_INPROCESS_OBJECTS];
	struct rcgo_jit_names jit;
	uint32_t opened;			  // objects opened since memory was initialized
	uintptr_t generated_start, generated_end; // the last JIT mapping found
	char path[RCGO_INPROCESS_PATH];		  // of the file that is being opened
};

// The arguments of one lookup.
struct rcgo_inprocess_query {
	uintptr_t pc;
	bool cached;	  // see struct rcgo_dwarf_memory
	bool demangled;	  // function names are demangled
	bool by_function; // a function without a symbol is named by its first address
};

// Symbolizes a program counter with the given memory, whose lock the caller holds. The strings are
// stored in text. Returns the number of frames, or 0 if there is no code at pc.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__inprocess_frames(struct rcgo_inprocess *inprocess,
	const struct rcgo_inprocess_query *query, struct rcgo_frame *frames, size_t max,
	struct rcgo_line_text *text);

// The mapping that contains a program counter.
struct rcgo_inprocess_mapping {
	uintptr_t pc;
	bool known;	// the object that contains pc is known
	bool generated; // by a just-in-time compiler
	struct rcgo_module module;
	const struct rcgo_module_generation *generation; // NULL for a module that is mapped now
};

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inprocess_find(uintptr_t pc, struct rcgo_inprocess_mapping *mapping);

// Returns whether there may be code at mapping->pc. If no object is known, asks the kernel and sets
// mapping->generated. inprocess may be NULL.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inprocess_is_code(
	struct rcgo_inprocess *inprocess, struct rcgo_inprocess_mapping *mapping);

// Copies s into text. The copy is truncated if there is not enough space. Returns NULL if there is
// none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__inprocess_copy(struct rcgo_line_text *text, const char *s);

// Stores the path of the object's file, truncated to cap - 1 bytes. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inprocess_name(
	const struct rcgo_inprocess_mapping *mapping, char *path, size_t cap);

// Fills in frame with the fallback name: module+0xoffset, [JIT], or the bare address.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__inprocess_fallback(const struct rcgo_inprocess_mapping *mapping,
	struct rcgo_frame *frame, struct rcgo_line_text *text);

#endif // RCGO_SYMBOLIZER_INTERNAL_H
