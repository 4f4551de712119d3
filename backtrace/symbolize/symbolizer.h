// SPDX-License-Identifier: BSD-3-Clause
// symbolizer.h: maps a program counter to functions, files and lines.
//
// The sources are, in this order: DWARF (with the chain of inlined functions), .symtab, .dynsym and
// MiniDebugInfo, the symbols of the vDSO, and finally "module+0xoffset". Function names are linker
// names (mangled). Crash reports use demangled names, because no later tool demangles them.
//
// State: all memory comes from arenas. The in-process symbolizer has two sets of memory. The
// primary set has a cache of capped size, behind a lock that is only tried, never waited for. The
// reentrant set is small and serves a caller that finds the primary lock taken, such as a signal
// handler that interrupted the lock's owner.
//
// Callers and stacks: the functions run on any stack of 32 KiB or more, also in signal handlers and
// while malloc's lock is held. They do not allocate from the heap, wait or recurse.
//
// A port must: provide what elf_reader.h and module.h require, and nothing else.
#ifndef RCGO_SYMBOLIZER_H
#define RCGO_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"
#include "rcgo_backtrace.h"

// Longer chains of inlined functions are truncated at their outer end.
#define RCGO_FRAMES_MAX 64

struct rcgo_object;

// Opens the ELF file at path and its debug file. If build_id is not empty, it must match the file's
// build-id. All memory comes from arena and stays allocated there. Returns 0, or -errno. -ESTALE
// means that the build-id differs.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_open(struct rcgo_arena *arena, const char *path,
	struct rcgo_bytes build_id, struct rcgo_object **out);

// Symbolizes an address of the file. Returns the number of frames, or 0 if nothing is known. The
// strings are valid until the next call for this object.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__object_frames(
	struct rcgo_object *object, uint64_t address, struct rcgo_frame *frames, size_t max);

// Closes the object's files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__object_close(struct rcgo_object *object);

// Symbolizes a program counter of this process, as rcgo__symbolize_into does. Returns 0 if pc is
// not code: a sentinel that Go puts into stacks, or an address that is not executable.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_code(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Symbolizes a program counter of this process. For a return address, the caller subtracts 1 first.
// Returns the number of frames, at least 1; the function or the file of each is known. The strings
// are stored in text.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_into(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Symbolizes a program counter for a report, as rcgo__symbolize_into does. Function names are
// demangled unless rcgo__symbolize_set_mangled(true) was called.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_report(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Sets whether reports show mangled names, as the linker knows them.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__symbolize_set_mangled(bool mangled);

// As rcgo__symbolize_code, with strings in a static ring of buffers. They are overwritten after a
// few more calls by any threads.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max);

#endif // RCGO_SYMBOLIZER_H
