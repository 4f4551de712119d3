// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the files that hold parts of debug information: dwz', split DWARF's, and
// MiniDebugInfo. Runs on any stack, in signal handlers too. Contract: dwz(1), DWARF 5 appendix F,
// gdb's manual.

#include "rcgo_debugfile.h"

#include <errno.h>

#include "rcgo_path.h"
#include "rcgo_xz.h"

#define DEBUGFILE_BY_ID "/usr/lib/debug/.build-id/"

// Debug information of the symbol table alone is not often beyond this when unpacked.
#define DEBUGFILE_MINI_MAX ((size_t)64 << 20)

int
rcgo__debugfile_mini(const struct rcgo_elf *main, struct rcgo_arena *arena, struct rcgo_elf *mini)
{
	size_t before = rcgo__arena_mark(arena);
	struct rcgo_section section;
	struct rcgo_bytes packed, image;
	ptrdiff_t n;
	int err = -ENOENT;

	*mini = (struct rcgo_elf){0};
	if (rcgo__elf_section_find(main, ".gnu_debugdata", &section) == 0) {
		return -ENOENT;
	}
	packed = rcgo__elf_section_raw(main, &section);
	n = rcgo__xz_size(packed);
	if (n <= 0 || (size_t)n > DEBUGFILE_MINI_MAX) {
		return n < 0 ? (int)n : -ENOENT;
	}
	image = (struct rcgo_bytes){.at = rcgo__arena_alloc(arena, (size_t)n), .size = (size_t)n};
	if (image.at == NULL) {
		return -ENOMEM;
	}
	n = rcgo__xz(packed, (uint8_t *)(uintptr_t)image.at, image.size, arena);
	if (n == (ptrdiff_t)image.size) {
		err = rcgo__elf_from_memory(mini, image);
	} else if (n < 0) {
		err = (int)n;
	}
	if (err != 0) {
		rcgo__arena_release(arena, before);
	}
	return err;
}

// Opens what path says by now. Returns 0, or -errno.
static int
debugfile_try_part(const struct rcgo_path *path, struct rcgo_bytes build_id, struct rcgo_elf *elf)
{
	const char *done = rcgo__path_done(path);

	return done != NULL ? rcgo__debugfile_match(elf, done, build_id) : -ENAMETOOLONG;
}

int
rcgo__debugfile_dwz(const struct rcgo_elf *debug, const char *path, struct rcgo_arena *arena,
	struct rcgo_elf *alt)
{
	size_t mark = rcgo__arena_mark(arena);
	struct rcgo_bytes link = rcgo__elf_section(debug, arena, ".gnu_debugaltlink");
	const char *name = rcgo__bytes_string(link, 0);
	struct rcgo_bytes build_id;
	struct rcgo_path at = rcgo__path_start(arena);
	int err = -ENOENT;

	*alt = (struct rcgo_elf){0};
	if (name != NULL) {
		build_id = rcgo__bytes_from(link, strlen(name) + 1);
		if (name[0] != '/') {
			const char *real = rcgo__path_real(arena, path);

			rcgo__path_bytes(&at, real, rcgo__path_directory(real));
		}
		rcgo__path_add(&at, name);
		err = debugfile_try_part(&at, build_id, alt);
		if (err != 0 && build_id.size > 1) {
			rcgo__path_cut(&at, 0);
			rcgo__path_add(&at, DEBUGFILE_BY_ID);
			rcgo__path_hex(&at, rcgo__bytes_slice(build_id, 0, 1));
			rcgo__path_add(&at, "/");
			rcgo__path_hex(&at, rcgo__bytes_from(build_id, 1));
			rcgo__path_add(&at, ".debug");
			err = debugfile_try_part(&at, build_id, alt);
		}
	}
	rcgo__arena_release(arena, mark);
	return err;
}

int
rcgo__debugfile_dwo(const char *path, const char *comp_dir, const char *name,
	struct rcgo_arena *arena, struct rcgo_elf *dwo)
{
	size_t mark = rcgo__arena_mark(arena);
	struct rcgo_path at = rcgo__path_start(arena);
	const struct rcgo_bytes any = {0};
	const char *real;
	int err;

	*dwo = (struct rcgo_elf){0};
	if (name[0] != '/' && comp_dir != NULL) {
		rcgo__path_add(&at, comp_dir);
		rcgo__path_add(&at, "/");
	}
	rcgo__path_add(&at, name);
	err = debugfile_try_part(&at, any, dwo);
	if (err != 0) {
		// The tree was moved: beside the object, by the whole name, then by its last part.
		real = rcgo__path_real(arena, path);
		for (int last = 0; last < 2 && err != 0; last++) {
			size_t skip = last != 0 ? rcgo__path_directory(name) : 0;

			rcgo__path_cut(&at, 0);
			rcgo__path_bytes(&at, real, rcgo__path_directory(real));
			rcgo__path_add(&at, name + skip);
			err = debugfile_try_part(&at, any, dwo);
		}
	}
	rcgo__arena_release(arena, mark);
	return err;
}

int
rcgo__debugfile_dwp(const char *path, struct rcgo_arena *arena, struct rcgo_elf *dwp)
{
	size_t mark = rcgo__arena_mark(arena);
	struct rcgo_path at = rcgo__path_start(arena);
	const struct rcgo_bytes any = {0};
	const char *real = rcgo__path_real(arena, path);
	size_t n = strlen(real);
	int err;

	*dwp = (struct rcgo_elf){0};
	rcgo__path_add(&at, real);
	rcgo__path_add(&at, ".dwp");
	err = debugfile_try_part(&at, any, dwp);
	if (err != 0 && n > strlen(".debug") &&
		strcmp(real + n - strlen(".debug"), ".debug") == 0) {
		rcgo__path_cut(&at, n - strlen(".debug"));
		rcgo__path_add(&at, ".dwp");
		err = debugfile_try_part(&at, any, dwp);
	}
	rcgo__arena_release(arena, mark);
	return err;
}
