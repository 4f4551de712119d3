// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the ELF objects of a live process, from its memory map.
#include "stack_target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODULES_MAX 65536

static bool
same_file(const char *file, uint64_t inode)
{
	struct stat st;

	return stat(file, &st) == 0 && st.st_ino == inode && S_ISREG(st.st_mode);
}

// Opens the mapped file by the kernel's link. The file stays open, because the link disappears
// with the mapping.
static char *
held(const char *link, uint64_t inode)
{
	int fd = same_file(link, inode) ? open(link, O_RDONLY | O_CLOEXEC) : -1;

	return fd >= 0 ? fmt("/proc/self/fd/%d", fd) : NULL;
}

// Returns the path by which rcgo opens the file of a mapping. The path in the map may be of another
// mount namespace, and the file may be deleted or replaced.
static char *
file_of(const struct target *t, const struct rcgo_target_module *m)
{
	char *file;

	if (m->path[0] != '/') {
		return NULL;
	}
	if (t->same_root && same_file(m->path, m->inode)) {
		return xstrdup(m->path);
	}
	file = fmt("/proc/%d/root%s", t->files, m->path);
	if (same_file(file, m->inode)) {
		return file;
	}
	file = held(fmt("/proc/%d/exe", t->files), m->inode);
	return file != NULL ? file
			    : held(fmt("/proc/%d/map_files/%" PRIx64 "-%" PRIx64, t->files,
					   m->start, m->first_end),
				      m->inode);
}

static bool
have_same_root(const struct target *t)
{
	struct stat own, theirs;

	return stat("/", &own) == 0 && stat(fmt("/proc/%d/root", t->files), &theirs) == 0 &&
	       own.st_ino == theirs.st_ino && own.st_dev == theirs.st_dev;
}

struct list {
	struct target *t;
	size_t known; // those before this list, by address
	bool changed;
};

// Finds a module that is already known.
static struct module *
find_known(const struct list *l, const struct rcgo_target_module *from)
{
	size_t lo = 0, hi = l->known;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		struct module *m = l->t->module[mid];

		if (m->start == from->start) {
			return m->inode == from->inode && m->offset == from->offset &&
					       strcmp(m->path, from->path) == 0
				       ? m
				       : NULL;
		}
		if (m->start < from->start) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return NULL;
}

static bool
list_module(const struct rcgo_target_module *from, void *arg)
{
	struct list *l = arg;
	struct target *t = l->t;
	struct module *m = find_known(l, from);

	if (m != NULL) {
		m->listed = true;
		return false;
	}
	m = target_add_module(t, from->path);
	m->file = file_of(t, from);
	m->start = m->first = from->start;
	m->end = from->end;
	m->offset = from->offset;
	m->inode = from->inode;
	l->changed = true;
	return t->modules >= MODULES_MAX;
}

// Removes modules that were unloaded. Stacks that were read earlier still refer to them.
static void
drop_unlisted(struct list *l)
{
	struct target *t = l->t;
	size_t kept = 0;

	for (size_t i = 0; i < t->modules; i++) {
		if (t->module[i]->listed) {
			t->module[kept++] = t->module[i];
		}
	}
	l->changed |= kept < t->modules;
	t->modules = kept;
}

int
process_modules(struct target *t, bool *changed)
{
	struct list l = {.t = t, .known = t->modules};
	int err;

	t->same_root = have_same_root(t);
	for (size_t i = 0; i < t->modules; i++) {
		t->module[i]->listed = false;
	}
	err = rcgo_target_each_module(&t->from, list_module, &l);
	if (err == 0) {
		drop_unlisted(&l);
	}
	target_sort_modules(t);
	*changed = l.changed;
	return err;
}
