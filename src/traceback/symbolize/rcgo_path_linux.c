// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: paths, put together in an arena, and what /proc says of them. Runs on any
// stack, in signal handlers too.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "rcgo_path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

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

// Appends the path under which /proc shows an open file.
static void
path_of_file(struct rcgo_path *path, int fd)
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
		path_of_file(&link, fd);
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
