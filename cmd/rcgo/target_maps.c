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

static bool
same_file(const char *file, uint64_t inode)
{
	struct stat st;

	return stat(file, &st) == 0 && st.st_ino == inode && S_ISREG(st.st_mode);
}

// Where this process finds the file of a mapping: the path may be of another mount namespace, and
// the file deleted or replaced.
static char *
file_of(const struct target *t, const struct rcgo_target_module *m, bool same_root)
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
		file = fmt(
			"/proc/%d/map_files/%" PRIx64 "-%" PRIx64, t->pid, m->start, m->first_end);
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

struct add {
	struct target *t;
	bool same_root;
};

static bool
add_module(const struct rcgo_target_module *from, void *arg)
{
	const struct add *add = arg;
	struct target *t = add->t;
	struct module *m = target_add_module(t, from->path);

	m->file = file_of(t, from, add->same_root);
	m->start = m->first = from->start;
	m->end = from->end;
	m->offset = from->offset;
	return t->modules >= MODULES_MAX;
}

int
process_modules(struct target *t)
{
	struct add add = {t, have_same_root(t)};

	return rcgo_target_each_module(&t->from, add_module, &add);
}
