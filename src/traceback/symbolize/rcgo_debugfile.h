// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the files beside an ELF file that have its debug information. They are
// looked for in the file system alone; nothing here ever asks the network.
//
// Each file must be the right one: it has the build-id that is asked for, or where there is none
// the checksum. A file of another build would give wrong names, which is worse than none.
//
// Contract: gdb's manual ("Debugging Information in Separate Files", "MiniDebugInfo"), elfutils'
// debuginfod-client for its cache, dwz(1).
#ifndef RCGO_DEBUGFILE_H
#define RCGO_DEBUGFILE_H

#include <stdbool.h>

#include "rcgo_arena.h"
#include "rcgo_elf.h"

struct rcgo_debugfile {
	struct rcgo_elf elf; // rcgo__elf_close it
	const char *path;    // in the arena
};

// Whether the file itself has DWARF.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debugfile_has_dwarf(const struct rcgo_elf *elf);

// Maps the file at path if its build-id is this one; an empty id fits any file. Returns 0, or
// -errno; -ESTALE says that the file is of another build, as after an upgrade.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_match(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id);

// The file with the DWARF of main, which was opened at path: by build-id, by .gnu_debuglink, in
// debuginfod's cache. Returns 0, or -errno; -ENOENT says that there is none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_open(const struct rcgo_elf *main, const char *path,
	struct rcgo_arena *arena, struct rcgo_debugfile *debug);

// The ELF file inside of main, in its section .gnu_debugdata, that has symbols which main lacks. It
// lives in the arena. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_mini(
	const struct rcgo_elf *main, struct rcgo_arena *arena, struct rcgo_elf *mini);

// The file that dwz has moved the common parts to, of the file with DWARF debug at path: by
// .gnu_debugaltlink. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwz(const struct rcgo_elf *debug, const char *path,
	struct rcgo_arena *arena, struct rcgo_elf *alt);

// The .dwo file of a unit, by the unit's DW_AT_dwo_name and DW_AT_comp_dir (NULL when it has
// none), of the object at path. The caller compares the unit's id. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwo(const char *path, const char *comp_dir, const char *name,
	struct rcgo_arena *arena, struct rcgo_elf *dwo);

// The package of all .dwo files of the object or debug file at path: path.dwp, or for x.debug
// x.dwp. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwp(
	const char *path, struct rcgo_arena *arena, struct rcgo_elf *dwp);

#endif // RCGO_DEBUGFILE_H
