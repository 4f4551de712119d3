// SPDX-License-Identifier: BSD-3-Clause
// Finds and opens separate debug files. Runs on any stack, also in signal handlers.
// Contract: gdb's manual, elfutils' debuginfod-client.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "debug_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "checksum.h"
#include "decompress.h"
#include "kernel.h"

#define DEBUGFILE_ROOT "/usr/lib/debug"
#define CRC_PART ((size_t)1 << 20)

bool
rcgo__debugfile_has_dwarf(const struct rcgo_elf *elf)
{
	struct rcgo_section section;

	return rcgo__elf_section_find(elf, ".debug_info", &section) != 0 ||
	       rcgo__elf_section_find(elf, ".zdebug_info", &section) != 0;
}

// Checks the build-id of elf; err is the result of opening it. Closes elf on a mismatch.
static int
debugfile_check(struct rcgo_elf *elf, int err, struct rcgo_bytes build_id)
{
	if (err == 0 && build_id.size != 0 &&
		!rcgo__bytes_equal(rcgo__elf_build_id(elf), build_id)) {
		rcgo__elf_close(elf);
		err = -ESTALE;
	}
	return err;
}

int
rcgo__debugfile_match(struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id)
{
	return debugfile_check(elf, rcgo__elf_open(elf, path), build_id);
}

int
rcgo__debugfile_match_trusted(
	struct rcgo_elf *elf, const char *path, struct rcgo_bytes build_id, uint32_t owner)
{
	return debugfile_check(elf, rcgo__elf_open_trusted(elf, path, owner), build_id);
}

// Computes the checksum of a whole file. At most CRC_PART bytes of it are in memory at a time.
static uint32_t
debugfile_crc(const struct rcgo_elf *elf)
{
	uint32_t crc = 0;

	for (size_t at = 0; at < elf->image.size; at += CRC_PART) {
		size_t left = elf->image.size - at;

		crc = rcgo__crc32_more(
			crc, rcgo__bytes_read(elf->image, at, left < CRC_PART ? left : CRC_PART));
		if (elf->image.window != NULL) {
			rcgo__file_window_drop(elf->image.window);
		}
	}
	return crc;
}

// Opens the debug file at path. It must have the build-id or, if main has none, the checksum crc.
static int
debugfile_try(const struct rcgo_path *path, struct rcgo_bytes build_id, const uint32_t *crc,
	struct rcgo_debugfile *debug)
{
	int err;

	debug->path = rcgo__path_done(path);
	if (debug->path == NULL) {
		return -ENAMETOOLONG;
	}
	err = rcgo__debugfile_match_trusted(&debug->elf, debug->path, build_id, debug->owner);
	if (err == 0 && (!rcgo__debugfile_has_dwarf(&debug->elf) ||
				(build_id.size == 0 && crc != NULL &&
					debugfile_crc(&debug->elf) != *crc))) {
		rcgo__elf_close(&debug->elf);
		err = -ESTALE;
	}
	return err;
}

// Appends xx/yyyy.debug, the build-id in hexadecimal.
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

// Opens the file that .gnu_debuglink names. Searches beside the file, in .debug there, and below
// DEBUGFILE_ROOT.
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
	// The checksum follows the name, aligned to four bytes.
	sum = rcgo__bytes_read(link, (strlen(name) + 4) / 4 * 4, 4);
	if (sum.size == 0) {
		return -ENOENT;
	}
	crc = rcgo__get32(sum.at, main->big);
	real = rcgo__path_real(arena, main_path);
	for (int location = 0; location < 3; location++) {
		rcgo__path_cut(path, 0);
		rcgo__path_add(path, location == 2 && real[0] == '/' ? DEBUGFILE_ROOT : "");
		rcgo__path_bytes(path, real, rcgo__path_directory(real));
		rcgo__path_add(path, location == 1 ? ".debug/" : "");
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

// Opens a file that a debuginfod client fetched earlier. Also searches the old cache directory in
// the user's home.
static int
debugfile_fetched(struct rcgo_arena *arena, struct rcgo_path *path, struct rcgo_bytes build_id,
	struct rcgo_debugfile *debug)
{
	struct rcgo_bytes environment;
	const char *home_path, *cache;

	// A program with elevated privileges must not open files that its user names.
	if (build_id.size < 2 || rcgo__kernel_is_secure()) {
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

	*debug = (struct rcgo_debugfile){.owner = main->owner};
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

// Files that contain parts of the debug information: dwz's common file, split DWARF files,
// MiniDebugInfo.
// Contract: dwz(1), DWARF 5 appendix F, gdb's manual.

#define DEBUGFILE_BY_ID "/usr/lib/debug/.build-id/"

// MiniDebugInfo contains only a symbol table and rarely exceeds this size when unpacked.
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
	packed = rcgo__bytes_load(rcgo__elf_section_raw(main, &section));
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

// Opens the file at the path built so far. Returns 0, or -errno.
static int
debugfile_try_part(const struct rcgo_path *path, struct rcgo_bytes build_id, uint32_t owner,
	struct rcgo_elf *elf)
{
	const char *done = rcgo__path_done(path);

	return done != NULL ? rcgo__debugfile_match_trusted(elf, done, build_id, owner)
			    : -ENAMETOOLONG;
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
	build_id = name == NULL ? (struct rcgo_bytes){0} : rcgo__bytes_from(link, strlen(name) + 1);
	if (build_id.size != 0) {
		if (name[0] != '/') {
			const char *real = rcgo__path_real(arena, path);

			rcgo__path_bytes(&at, real, rcgo__path_directory(real));
		}
		rcgo__path_add(&at, name);
		err = debugfile_try_part(&at, build_id, debug->owner, alt);
		if (err != 0 && build_id.size > 1) {
			rcgo__path_cut(&at, 0);
			rcgo__path_add(&at, DEBUGFILE_BY_ID);
			rcgo__path_hex(&at, rcgo__bytes_slice(build_id, 0, 1));
			rcgo__path_add(&at, "/");
			rcgo__path_hex(&at, rcgo__bytes_from(build_id, 1));
			rcgo__path_add(&at, ".debug");
			err = debugfile_try_part(&at, build_id, debug->owner, alt);
		}
	}
	rcgo__arena_release(arena, mark);
	return err;
}

int
rcgo__debugfile_dwo(const char *path, const char *comp_dir, const char *name, uint32_t owner,
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
	err = debugfile_try_part(&at, any, owner, dwo);
	if (err != 0) {
		// The build tree was moved. Search beside the object, by the whole name, then by
		// its last component.
		real = rcgo__path_real(arena, path);
		for (int last = 0; last < 2 && err != 0; last++) {
			size_t skip = last != 0 ? rcgo__path_directory(name) : 0;

			rcgo__path_cut(&at, 0);
			rcgo__path_bytes(&at, real, rcgo__path_directory(real));
			rcgo__path_add(&at, name + skip);
			err = debugfile_try_part(&at, any, owner, dwo);
		}
	}
	rcgo__arena_release(arena, mark);
	return err;
}

int
rcgo__debugfile_dwp(
	const char *path, uint32_t owner, struct rcgo_arena *arena, struct rcgo_elf *dwp)
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
	err = debugfile_try_part(&at, any, owner, dwp);
	if (err != 0 && n > strlen(".debug") &&
		strcmp(real + n - strlen(".debug"), ".debug") == 0) {
		rcgo__path_cut(&at, n - strlen(".debug"));
		rcgo__path_add(&at, ".dwp");
		err = debugfile_try_part(&at, any, owner, dwp);
	}
	rcgo__arena_release(arena, mark);
	return err;
}

// Paths that are built in an arena, and what /proc knows about them.

#define PATH_ENVIRONMENT_MAX (128 * 1024)

struct rcgo_path
rcgo__path_start(struct rcgo_arena *arena)
{
	struct rcgo_path path = {.at = rcgo__arena_alloc(arena, PATH_MAX)};

	path.too_long = path.at == NULL;
	if (path.at != NULL) {
		path.at[0] = 0;
	}
	return path;
}

void
rcgo__path_bytes(struct rcgo_path *path, const char *s, size_t n)
{
	if (path->too_long || n >= PATH_MAX - path->size) {
		path->too_long = true;
		return;
	}
	memcpy(path->at + path->size, s, n);
	path->size += n;
	path->at[path->size] = 0;
}

void
rcgo__path_add(struct rcgo_path *path, const char *s)
{
	rcgo__path_bytes(path, s, strlen(s));
}

void
rcgo__path_hex(struct rcgo_path *path, struct rcgo_bytes b)
{
	static const char digits[] = "0123456789abcdef";

	rcgo__bytes_load(b);
	for (size_t i = 0; i < b.size; i++) {
		rcgo__path_bytes(path, digits + (b.at[i] >> 4), 1);
		rcgo__path_bytes(path, digits + (b.at[i] & 15), 1);
	}
}

void
rcgo__path_cut(struct rcgo_path *path, size_t size)
{
	if (path->at != NULL && size <= path->size) {
		path->size = size;
		path->at[size] = 0;
		path->too_long = false;
	}
}

const char *
rcgo__path_done(const struct rcgo_path *path)
{
	return path->too_long ? NULL : path->at;
}

size_t
rcgo__path_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

// Appends the /proc path of an open file.
static void
path_add_fd(struct rcgo_path *path, int fd)
{
	char digits[12];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + fd % 10);
		fd /= 10;
	} while (fd > 0);
	rcgo__path_add(path, "/proc/self/fd/");
	rcgo__path_bytes(path, digits + at, sizeof digits - at);
}

const char *
rcgo__path_real(struct rcgo_arena *arena, const char *path)
{
	struct rcgo_path link = rcgo__path_start(arena);
	struct rcgo_path real = rcgo__path_start(arena);
	int saved = errno;
	int fd = open(path, O_PATH | O_CLOEXEC);
	ssize_t n = -1;

	if (fd >= 0) {
		path_add_fd(&link, fd);
		if (!link.too_long && !real.too_long) {
			n = readlink(link.at, real.at, PATH_MAX - 1);
		}
		close(fd);
	}
	errno = saved;
	if (n <= 0 || n >= PATH_MAX - 1 || real.at[0] != '/') {
		return path;
	}
	real.at[n] = 0;
	return real.at;
}

struct rcgo_bytes
rcgo__path_environment(struct rcgo_arena *arena)
{
	uint8_t *at = rcgo__arena_alloc(arena, PATH_ENVIRONMENT_MAX);
	int saved = errno;
	int fd = at != NULL ? open("/proc/self/environ", O_RDONLY | O_CLOEXEC) : -1;
	size_t size = 0;

	while (fd >= 0 && size < PATH_ENVIRONMENT_MAX) {
		ssize_t n = read(fd, at + size, PATH_ENVIRONMENT_MAX - size);

		if (n > 0) {
			size += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	errno = saved;
	return (struct rcgo_bytes){.at = at, .size = size};
}

const char *
rcgo__path_variable(struct rcgo_bytes environment, const char *name)
{
	size_t n = strlen(name);
	size_t at = 0;

	while (at < environment.size) {
		const char *entry = rcgo__bytes_string(environment, at);

		if (entry == NULL) {
			break;
		}
		if (strncmp(entry, name, n) == 0 && entry[n] == '=') {
			return entry[n + 1] != 0 ? entry + n + 1 : NULL;
		}
		at += strlen(entry) + 1;
	}
	return NULL;
}
