// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the ELF objects of a live process, by its memory map.
#include "stack_target.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULES_MAX 65536

struct module *
target_add_module(struct target *t, const char *path)
{
	if ((t->modules & (t->modules - 1)) == 0) {
		size_t room = t->modules == 0 ? 16 : 2 * t->modules;

		t->module = realloc(t->module, room * sizeof *t->module);
		if (t->module == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	memset(&t->module[t->modules], 0, sizeof *t->module);
	t->module[t->modules].path = xstrdup(path);
	return &t->module[t->modules++];
}

// A line of the map.
struct mapping {
	uint64_t start, end, offset, inode;
	const char *path;
};

static bool
parse_mapping(char *line, struct mapping *m)
{
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %*s %" SCNu64 " %n", &m->start,
		    &m->end, &m->offset, &m->inode, &at) != 4 ||
		at == 0) {
		return false;
	}
	m->path = line + at;
	return m->start < m->end;
}

static bool
same_file(const char *file, uint64_t inode)
{
	struct stat st;

	return stat(file, &st) == 0 && st.st_ino == inode && S_ISREG(st.st_mode);
}

// Where this process finds the file of a mapping: the path may be of another mount namespace, and
// the file deleted or replaced.
static char *
file_of(const struct target *t, const struct mapping *m, bool same_root)
{
	char *file = m->path[0] == '/' && same_root ? xstrdup(m->path) : NULL;

	if (m->path[0] != '/') {
		return NULL;
	}
	if (file == NULL || !same_file(file, m->inode)) {
		file = fmt("/proc/%d/root%s", t->pid, m->path);
	}
	if (!same_file(file, m->inode)) {
		file = fmt("/proc/%d/exe", t->pid);
	}
	if (!same_file(file, m->inode)) {
		file = fmt("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, t->pid, m->start, m->end);
	}
	return same_file(file, m->inode) ? file : NULL;
}

static bool
have_same_root(const struct target *t)
{
	struct stat own, theirs;

	return stat("/", &own) == 0 && stat(fmt("/proc/%d/root", t->pid), &theirs) == 0 &&
	       own.st_ino == theirs.st_ino && own.st_dev == theirs.st_dev;
}

static void
add_mapping(struct target *t, const struct mapping *m, bool same_root)
{
	struct module *last = t->modules > 0 ? &t->module[t->modules - 1] : NULL;

	if (m->path[0] != '/' && strcmp(m->path, "[vdso]") != 0) {
		return;
	}
	if (last != NULL && strcmp(last->path, m->path) == 0 && m->offset > last->offset) {
		last->end = m->end;
		return;
	}
	if (t->modules >= MODULES_MAX) {
		return;
	}
	last = target_add_module(t, m->path);
	last->file = file_of(t, m, same_root);
	last->start = last->first = m->start;
	last->end = m->end;
	last->offset = m->offset;
}

int
process_modules(struct target *t)
{
	FILE *maps = fopen(fmt("/proc/%d/maps", t->pid), "re");
	bool same_root = have_same_root(t);
	char *line = NULL;
	size_t room = 0;
	struct mapping m;
	int err = 0;

	if (maps == NULL) {
		return -errno;
	}
	errno = 0;
	while (getline(&line, &room, maps) >= 0) {
		line[strcspn(line, "\n")] = 0;
		if (parse_mapping(line, &m)) {
			add_mapping(t, &m, same_root);
		}
	}
	err = ferror(maps) != 0 ? -errno : 0;
	free(line);
	fclose(maps);
	return err;
}
