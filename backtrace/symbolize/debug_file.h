// SPDX-License-Identifier: BSD-3-Clause
// debug_file.h: finds and opens separate debug files, and builds paths in an arena.
#ifndef RCGO_DEBUG_FILE_H
#define RCGO_DEBUG_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "byte_range.h"
#include "elf_reader.h"

// A path under construction. `at` has space for PATH_MAX bytes and is 0-terminated. Text that does
// not fit sets too_long, which rcgo__path_cut alone clears.
struct rcgo_path {
	char *at; // NULL if the arena was full
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
// Truncates the path to this size.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_cut(struct rcgo_path *path, size_t size);

// Returns the whole path, or NULL if it is too long.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_done(const struct rcgo_path *path);

// Returns the length of the directory part of path, including its last slash, or 0 if it has none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__path_directory(const char *path);

// Returns the path of the file that path refers to, without symbolic links. Returns path itself if
// the system cannot resolve it.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_real(struct rcgo_arena *arena, const char *path);

// Reads the initial environment of this process into the arena, as strings that each end with a 0.
// Code that must not call getenv uses it, because setenv in another thread can invalidate what
// getenv reads. A very long environment is truncated.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__path_environment(struct rcgo_arena *arena);

// Returns the value of a variable in the environment, or NULL if it is absent or empty.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_variable(struct rcgo_bytes environment, const char *name);

// Separate debug files. They are searched for in the file system only, never on the network.
//
// Each file must match: it has the required build-id or, if there is none, the checksum. A file of
// another build would give wrong names, which is worse than none. A file must also be one that no
// other user could have planted (rcgo__elf_open_trusted).
//
// Contract: gdb's manual ("Debugging Information in Separate Files", "MiniDebugInfo"), elfutils'
// debuginfod-client for its cache, dwz(1).

struct rcgo_debugfile {
	struct rcgo_elf elf; // the caller closes it with rcgo__elf_close
	const char *path;    // in the arena
	uint32_t owner;	     // of the file that the debug file belongs to
};

// Returns whether the file itself contains DWARF.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__debugfile_has_dwarf(const struct rcgo_elf *elf);

// Maps the file at path if it has this build-id; an empty id matches any file. Returns 0, or
// -errno. -ESTALE means that the file is of another build, for example after an upgrade.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_match(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id);

// As rcgo__debugfile_match, for a file that the user did not name. It must be trusted in the sense
// of rcgo__elf_open_trusted.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_match_trusted(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id, uint32_t owner);

// Opens the file with the DWARF of main, which was opened at path. Searches by build-id, by
// .gnu_debuglink and in the cache of debuginfod. Returns 0, or -errno. -ENOENT means that there is
// none.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_open(const struct rcgo_elf *main, const char *path,
	struct rcgo_arena *arena, struct rcgo_debugfile *debug);

// Unpacks the ELF file in the section .gnu_debugdata of main, which has symbols that main lacks. It
// lives in the arena. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_mini(
	const struct rcgo_elf *main, struct rcgo_arena *arena, struct rcgo_elf *mini);

// Opens the file to which dwz moved the common parts of debug, the file with DWARF at path.
// .gnu_debugaltlink names it. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwz(const struct rcgo_elf *debug, const char *path,
	struct rcgo_arena *arena, struct rcgo_elf *alt);

// Opens the .dwo file of a unit by the unit's DW_AT_dwo_name and DW_AT_comp_dir (NULL if it has
// none). owner is the owner of the object at path. The caller compares the unit's id. Returns 0, or
// -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwo(const char *path, const char *comp_dir, const char *name,
	uint32_t owner, struct rcgo_arena *arena, struct rcgo_elf *dwo);

// Opens the package of all .dwo files of the object or debug file at path: path.dwp, or for x.debug
// x.dwp. owner is the owner of the file at path. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__debugfile_dwp(
	const char *path, uint32_t owner, struct rcgo_arena *arena, struct rcgo_elf *dwp);

#endif // RCGO_DEBUG_FILE_H
