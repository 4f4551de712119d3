// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the file with the debug information of another. Runs on any stack, in
// signal handlers too. Contract: gdb's manual, elfutils' debuginfod-client.

#include "rcgo_debugfile.h"

#include <errno.h>
#include <sys/auxv.h>

#include "rcgo_crc.h"
#include "rcgo_path.h"

#define DEBUGFILE_ROOT "/usr/lib/debug"

bool
rcgo__debugfile_has_dwarf(const struct rcgo_elf *elf)
{
	struct rcgo_section section;

	return rcgo__elf_section_find(elf, ".debug_info", &section) != 0 ||
	       rcgo__elf_section_find(elf, ".zdebug_info", &section) != 0;
}

int
rcgo__debugfile_match(struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id)
{
	int err = rcgo__elf_open(elf, path);

	if (err == 0 && build_id.size != 0 &&
		!rcgo__bytes_equal(rcgo__elf_build_id(elf), build_id)) {
		rcgo__elf_close(elf);
		err = -ESTALE;
	}
	return err;
}

// Opens the file at path, which is right when it has the build-id or, where main has none, the
// checksum crc.
static int
debugfile_try(const struct rcgo_path *path, struct rcgo_bytes build_id, const uint32_t *crc,
	struct rcgo_debugfile *debug)
{
	int err;

	debug->path = rcgo__path_done(path);
	if (debug->path == NULL) {
		return -ENAMETOOLONG;
	}
	err = rcgo__debugfile_match(&debug->elf, debug->path, build_id);
	if (err == 0 && (!rcgo__debugfile_has_dwarf(&debug->elf) ||
				(build_id.size == 0 && crc != NULL &&
					rcgo__crc32(debug->elf.image) != *crc))) {
		rcgo__elf_close(&debug->elf);
		err = -ESTALE;
	}
	return err;
}

// Appends xx/yyyy.debug.
static void
debugfile_add_id(struct rcgo_path *path, struct rcgo_bytes build_id)
{
	rcgo__path_hex(path, rcgo__bytes_slice(build_id, 0, 1));
	rcgo__path_add(path, "/");
	rcgo__path_hex(path, rcgo__bytes_from(build_id, 1));
	rcgo__path_add(path, ".debug");
}

static int
debugfile_by_id(struct rcgo_path *path, struct rcgo_bytes build_id, struct rcgo_debugfile *debug)
{
	if (build_id.size < 2) {
		return -ENOENT;
	}
	rcgo__path_cut(path, 0);
	rcgo__path_add(path, DEBUGFILE_ROOT "/.build-id/");
	debugfile_add_id(path, build_id);
	return debugfile_try(path, build_id, NULL, debug);
}

// The file that .gnu_debuglink names: beside the file, in .debug there, or below the root.
static int
debugfile_by_link(const struct rcgo_elf *main, const char *main_path, struct rcgo_arena *arena,
	struct rcgo_path *path, struct rcgo_debugfile *debug)
{
	struct rcgo_bytes link = rcgo__elf_section(main, arena, ".gnu_debuglink");
	const char *name = rcgo__bytes_string(link, 0);
	const char *real;
	struct rcgo_bytes sum;
	uint32_t crc;

	if (name == NULL || name[0] == 0) {
		return -ENOENT;
	}
	// The checksum stands behind the name, at the next multiple of four bytes.
	sum = rcgo__bytes_slice(link, (strlen(name) + 4) / 4 * 4, 4);
	if (sum.size == 0) {
		return -ENOENT;
	}
	crc = rcgo__get32(sum.at, main->big);
	real = rcgo__path_real(arena, main_path);
	for (int place = 0; place < 3; place++) {
		rcgo__path_cut(path, 0);
		rcgo__path_add(path, place == 2 && real[0] == '/' ? DEBUGFILE_ROOT : "");
		rcgo__path_bytes(path, real, rcgo__path_directory(real));
		rcgo__path_add(path, place == 1 ? ".debug/" : "");
		rcgo__path_add(path, name);
		if (debugfile_try(path, rcgo__elf_build_id(main), &crc, debug) == 0) {
			return 0;
		}
	}
	return -ENOENT;
}

static int
debugfile_in_cache(struct rcgo_path *path, const char *before, const char *cache,
	struct rcgo_bytes build_id, struct rcgo_debugfile *debug)
{
	if (before == NULL) {
		return -ENOENT;
	}
	rcgo__path_cut(path, 0);
	rcgo__path_add(path, before);
	rcgo__path_add(path, cache);
	rcgo__path_add(path, "/");
	rcgo__path_hex(path, build_id);
	rcgo__path_add(path, "/debuginfo");
	return debugfile_try(path, build_id, NULL, debug);
}

// What debuginfod has fetched for others before; an old cache in the home directory counts as well.
static int
debugfile_fetched(struct rcgo_arena *arena, struct rcgo_path *path, struct rcgo_bytes build_id,
	struct rcgo_debugfile *debug)
{
	struct rcgo_bytes environment;
	const char *home_path, *cache;

	// A program with rights that its user has not does not open what the user names.
	if (build_id.size < 2 || getauxval(AT_SECURE) != 0) {
		return -ENOENT;
	}
	environment = rcgo__path_environment(arena);
	home_path = rcgo__path_variable(environment, "HOME");
	cache = rcgo__path_variable(environment, "DEBUGINFOD_CACHE_PATH");
	if (cache != NULL) {
		return debugfile_in_cache(path, cache, "", build_id, debug);
	}
	if (debugfile_in_cache(path, home_path, "/.debuginfod_client_cache", build_id, debug) ==
		0) {
		return 0;
	}
	cache = rcgo__path_variable(environment, "XDG_CACHE_HOME");
	if (cache != NULL) {
		return debugfile_in_cache(path, cache, "/debuginfod_client", build_id, debug);
	}
	return debugfile_in_cache(path, home_path, "/.cache/debuginfod_client", build_id, debug);
}

int
rcgo__debugfile_open(const struct rcgo_elf *main, const char *path, struct rcgo_arena *arena,
	struct rcgo_debugfile *debug)
{
	size_t before = rcgo__arena_mark(arena);
	struct rcgo_path found = rcgo__path_start(arena);
	size_t behind = rcgo__arena_mark(arena);
	struct rcgo_bytes build_id = rcgo__elf_build_id(main);
	int err;

	*debug = (struct rcgo_debugfile){0};
	if (found.at == NULL) {
		return -ENOMEM;
	}
	err = debugfile_by_id(&found, build_id, debug);
	if (err != 0) {
		err = debugfile_by_link(main, path, arena, &found, debug);
	}
	if (err != 0) {
		err = debugfile_fetched(arena, &found, build_id, debug);
	}
	if (err != 0) {
		*debug = (struct rcgo_debugfile){0};
		rcgo__arena_release(arena, before);
		return -ENOENT;
	}
	rcgo__arena_release(arena, behind);
	return 0;
}
