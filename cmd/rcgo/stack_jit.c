// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: names of code that just-in-time compilers of the target generated, from
// /tmp/perf-PID.map and from the jit-PID.dump that it maps.
#include "stack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "jit_file.h"
#include "process_start.h"
#include "symbols.h"

#define JIT_MEMORY ((size_t)256 << 20) // address space, of which little is touched
#define JIT_NAME 1025
#define CLOCK_STEP 2 // seconds: the rounding of the times that are compared

struct jit_source {
	int fd; // 0: not open
	struct rcgo_jit_file file;
};

static struct {
	struct jit_source map, dump;
	struct rcgo_arena arena;
} jit; // of the one process that rcgo looks at

// Returns whether the file is trusted: its owner is the target's user or root, and it is not from
// an earlier process with the same number.
static bool
is_of_target(const struct target *t, const struct stat *file)
{
	struct stat process;

	if (!S_ISREG(file->st_mode) || stat(fmt("/proc/%d", t->pid), &process) != 0 ||
		(file->st_uid != process.st_uid && file->st_uid != 0)) {
		return false;
	}
	return (int64_t)file->st_mtime + CLOCK_STEP >= rcgo__process_start(t->pid);
}

static void
open_source(const struct target *t, struct jit_source *source, const char *path, int flags)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);

	if (fd >= 0 && (fstat(fd, &st) != 0 || !is_of_target(t, &st))) {
		close(fd);
		return;
	}
	source->fd = fd >= 0 ? fd : 0;
}

// Opens the files as soon as they exist, because they may be deleted before the names are needed.
void
jit_open(const struct target *t)
{
	pid_t own = t->ns_pid != 0 ? t->ns_pid : t->pid;
	const char *dump = fmt("jit-%d.dump", own);

	if (t->core || t->pid == 0) {
		return;
	}
	if (jit.map.fd == 0) {
		open_source(t, &jit.map, fmt("/proc/%d/root/tmp/perf-%d.map", t->files, own),
			O_NOFOLLOW);
	}
	for (size_t i = 0; i < t->modules && jit.dump.fd == 0; i++) {
		const struct module *m = t->module[i];

		if (m->file != NULL && strcmp(symbols_base_name(m->path), dump) == 0) {
			open_source(t, &jit.dump, m->file, 0);
		}
	}
}

static size_t
name_by(struct jit_source *source, enum rcgo_jit_form form, uint64_t pc, char *text,
	uint64_t *start)
{
	struct stat st;
	uint64_t before;
	size_t n;

	if (source->fd == 0 || fstat(source->fd, &st) != 0) {
		return 0;
	}
	do { // each call reads a part of a large file
		before = source->file.read;
		n = rcgo__jit_file_name(&source->file, form, &jit.arena, source->fd, &st, pc, text,
			JIT_NAME, start);
	} while (source->file.read > before && source->file.read < (uint64_t)st.st_size);
	return n;
}

// Returns the name of the code at pc, or NULL, and stores the start of that code.
const char *
jit_name(const struct target *t, uint64_t pc, uint64_t *start)
{
	char text[JIT_NAME];

	jit_open(t);
	if (jit.arena.cap == 0) {
		rcgo__arena_init(&jit.arena, JIT_MEMORY);
	}
	if (name_by(&jit.map, RCGO_JIT_MAP, pc, text, start) == 0 &&
		name_by(&jit.dump, RCGO_JIT_DUMP, pc, text, start) == 0) {
		return NULL;
	}
	return xstrdup(text);
}
