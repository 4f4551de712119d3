// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, symbolize: which function, file and line a program counter stands for.
//
// Answers come, in this order, from DWARF (with the chain of inlined functions), .symtab, .dynsym
// and MiniDebugInfo, the vDSO's own symbols, and at last "module+0xoffset". Function names are as
// the linker knows them (mangled), but in reports of crashes, where nobody demangles them later.
//
// State: memory comes from arenas alone. In this process there are two sets of it: one for
// everyday use, with a cache of capped size, behind a lock that is only ever tried; and a small one
// for whoever finds that lock taken, who may be a handler that interrupted its owner.
//
// Callers and stacks: any stack of 32 KiB or more, also in signal handlers and with malloc's lock
// held. So nothing here allocates, waits or recurses.
//
// A port must: nothing but what elf_reader.h and module.h ask for.
#ifndef RCGO_SYMBOLIZER_H
#define RCGO_SYMBOLIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"
#include "rcgo_backtrace.h"

// Longer chains of inlined functions are cut at their outer end.
#define RCGO_FRAMES_MAX 64

struct rcgo_object;

// Opens the ELF file at path and finds its debug file. A build_id that is not empty must be that of
// the file. All memory comes from arena, and is not given back to it. Returns 0, or -errno: -ESTALE
// says that the build-id is another.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__object_open(struct rcgo_arena *arena, const char *path,
	struct rcgo_bytes build_id, struct rcgo_object **out);

// Describes an address of the file. Returns how many frames there are; 0 when nothing is known. The
// strings live until the next call for this object.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__object_frames(
	struct rcgo_object *object, uint64_t address, struct rcgo_frame *frames, size_t max);

// Closes the files.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__object_close(struct rcgo_object *object);

// Describes a program counter of this process, as rcgo__symbolize_into does, but returns 0 where
// no code is: for the sentinels that Go puts into stacks, and for what cannot be executed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_code(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Describes a program counter of this process; one that is a return address wants 1 taken off.
// Returns how many frames there are, at least 1, whose function or file is known. The strings are
// put into text.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_into(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// The same for a report: names are demangled, unless rcgo__symbolize_set_mangled
// was called.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize_report(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Whether reports show names as the linker knows them.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__symbolize_set_mangled(bool mangled);

// As rcgo__symbolize_code, with strings that live until a few more calls have been made, by
// whichever thread.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max);

#endif // RCGO_SYMBOLIZER_H
