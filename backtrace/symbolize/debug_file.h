// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: paths, put together in an arena.
#ifndef RCGO_DEBUG_FILE_H
#define RCGO_DEBUG_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "byte_range.h"
#include "elf_reader.h"

// A path under construction. at has room for PATH_MAX bytes and ends with a 0; what does not fit
// makes it too long for good.
struct rcgo_path {
	char *at; // NULL when the arena was full
	size_t size;
	bool too_long;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_path rcgo__path_start(struct rcgo_arena *arena);

// Appends n bytes, or a string.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_bytes(struct rcgo_path *path, const char *s, size_t n);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_add(struct rcgo_path *path, const char *s);
// Appends bytes as hexadecimal digits.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_hex(struct rcgo_path *path, struct rcgo_bytes b);
// Takes back to this size.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_cut(struct rcgo_path *path, size_t size);

// The whole path, or NULL when it is too long.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_done(const struct rcgo_path *path);

// How long the directory part of path is, its last slash included; 0 when it has none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__path_directory(const char *path);

// The path of the file that path leads to, without symbolic links; path itself when the system does
// not tell.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_real(struct rcgo_arena *arena, const char *path);

// The environment that this process was started with, for code that may not call getenv, which
// another thread's setenv can pull the ground from under. Strings, each with a 0 behind it, in the
// arena; of a very long one the beginning.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__path_environment(struct rcgo_arena *arena);

// The value of a variable in it, or NULL when it is not there or empty.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_variable(struct rcgo_bytes environment, const char *name);

// Traceback Generation: the files beside an ELF file that have its debug information. They are
// looked for in the file system alone; nothing here ever asks the network.
//
// Each file must be the right one: it has the build-id that is asked for, or where there is none
// the checksum. A file of another build would give wrong names, which is worse than none. And it
// must be one that nobody else could have planted (rcgo__elf_open_trusted).
//
// Contract: gdb's manual ("Debugging Information in Separate Files", "MiniDebugInfo"), elfutils'
// debuginfod-client for its cache, dwz(1).

struct rcgo_debugfile {
	struct rcgo_elf elf; // rcgo__elf_close it
	const char *path;    // in the arena
	uint32_t owner;	     // of the file that it is for
};

// Whether the file itself has DWARF.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debugfile_has_dwarf(const struct rcgo_elf *elf);

// Maps the file at path if its build-id is this one; an empty id fits any file. Returns 0, or
// -errno; -ESTALE says that the file is of another build, as after an upgrade.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_match(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id);

// The same for a file that nobody has asked for by name, so that it must be trusted, as
// rcgo__elf_open_trusted has it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_match_trusted(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id, uint32_t owner);

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
// none), of the object at path, which belongs to owner. The caller compares the unit's id. Returns
// 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwo(const char *path, const char *comp_dir, const char *name,
	uint32_t owner, struct rcgo_arena *arena, struct rcgo_elf *dwo);

// The package of all .dwo files of the object or debug file at path: path.dwp, or for x.debug
// x.dwp. The file belongs to owner. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwp(
	const char *path, uint32_t owner, struct rcgo_arena *arena, struct rcgo_elf *dwp);

#endif // RCGO_DEBUG_FILE_H
