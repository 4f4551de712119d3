// SPDX-License-Identifier: BSD-3-Clause
// Finds the files in which the just-in-time compilers of this process name their code. Runs on any
// stack, also in signal handlers.

#include "jit_names.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel.h"
#include "module.h"
#include "process_start.h"
#include "raw_syscall.h"
#include "strbuf.h"

#define JIT_PATH 1024
#define JIT_CLOCK_STEP 2 // seconds: the rounding of the times that are compared

// Returns whether the file was last written before this process began: by an earlier process that
// had the same number.
static bool
jit_is_stale(struct rcgo_jit_names *names, const struct stat *st)
{
	pid_t own = getpid();

	if (names->pid != own) { // the first look of this process, which may be a child
		names->began = rcgo__process_start(own);
		names->pid = own;
	}
	return (int64_t)st->st_mtime + JIT_CLOCK_STEP < names->began;
}

// Opens a file that may be trusted and stores what it is. Returns the descriptor, or -1.
static int
jit_open(
	struct rcgo_jit_names *names, struct rcgo_jit_file *file, const char *path, struct stat *st)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags);

	*st = (struct stat){0};
	if (fd < 0) {
		file->device = file->inode = 0; // a new file may get the old number
		return -1;
	}
	if (rcgo__kernel_fstat(fd, st) != 0 || !S_ISREG(st->st_mode) ||
		(st->st_uid != 0 && st->st_uid != geteuid()) || (st->st_mode & S_IWOTH) != 0 ||
		((st->st_mode & S_IWGRP) != 0 && st->st_gid != getegid()) ||
		jit_is_stale(names, st)) {
		close(fd);
		return -1;
	}
	return fd;
}

static size_t
jit_name_from(struct rcgo_jit_names *names, enum rcgo_jit_form form, struct rcgo_arena *arena,
	const char *path, uintptr_t pc, char *text, size_t size, uintptr_t *start)
{
	struct rcgo_jit_file *file = form == RCGO_JIT_MAP ? &names->map : &names->dump;
	struct stat st;
	uint64_t begins = 0;
	int fd = jit_open(names, file, path, &st);
	size_t n;

	if (fd < 0) {
		return 0;
	}
	n = rcgo__jit_file_name(file, form, arena, fd, &st, pc, text, size, &begins);
	if (n != 0) {
		*start = (uintptr_t)begins;
	}
	close(fd);
	return n;
}

static void
jit_path(char *path, size_t size, const char *before, const char *after)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(path, size);

	rcgo__append_str(&t, before);
	rcgo__append_uint(&t, (uint64_t)getpid(), 0);
	rcgo__append_str(&t, after);
}

// Looks for the dump among the mappings, which is slow, so ever more rarely.
static void
jit_find_dump(struct rcgo_jit_names *names, struct rcgo_arena *arena)
{
	uint32_t misses = names->misses++;
	size_t mark = rcgo__arena_mark(arena);
	char name[32];
	char *path;

	if ((misses & (misses - 1)) != 0 && misses % 256 != 0) {
		return;
	}
	path = rcgo__arena_alloc(arena, JIT_PATH);
	jit_path(name, sizeof name, "jit-", ".dump");
	if (path != NULL && rcgo__module_find_file(name, path, JIT_PATH)) {
		names->dump_path = path;
	} else {
		rcgo__arena_release(arena, mark);
	}
}

size_t
rcgo__jit_name(struct rcgo_jit_names *names, struct rcgo_arena *arena, uintptr_t pc, char *text,
	size_t size, uintptr_t *start)
{
	char path[48];
	int saved = errno;
	size_t n;

	if (rcgo__kernel_is_secure() || size < 2) {
		return 0;
	}
	jit_path(path, sizeof path, "/tmp/perf-", ".map");
	n = jit_name_from(names, RCGO_JIT_MAP, arena, path, pc, text, size, start);
	if (n == 0 && names->dump_path == NULL) {
		jit_find_dump(names, arena);
	}
	if (n == 0 && names->dump_path != NULL) {
		n = jit_name_from(
			names, RCGO_JIT_DUMP, arena, names->dump_path, pc, text, size, start);
	}
	errno = saved;
	return n;
}
