// SPDX-License-Identifier: BSD-3-Clause
// A second path for a GOROOT: a directory of symbolic links to its files. Two files are not links.
// The go command is a hard link or a copy, because it finds its GOROOT by the path of its own file.
// The linker is a script that gives the real GOROOT to Go's linker, which writes that path into
// programs, for runtime.GOROOT and for the source files of tracebacks.
#include "rcgo.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
make_link(const char *to, const char *path)
{
	return symlink(to, path) != 0 ? -errno : 0;
}

// Writes a file and makes it a program.
static int
put_program(const char *path, const char *data, size_t size)
{
	int err = write_file(path, data, size);

	return err != 0 ? err : chmod(path, 0700) != 0 ? -errno : 0;
}

static int
put_go(const char *real, const char *path)
{
	char *file = realpath(real, NULL);
	size_t size;

	if (file == NULL) {
		return -errno;
	}
	if (link(file, path) == 0) {
		return 0;
	}
	char *data = read_file(file, &size); // another file system

	return data == NULL ? -errno : put_program(path, data, size);
}

// With -trimpath, the go command clears GOROOT for the linker.
static int
put_linker(const char *farm, const char *goroot, const char *real, const char *path)
{
	char *text = fmt("#!/bin/sh\n[ \"$GOROOT\" != %s ] || export GOROOT=%s\nexec %s \"$@\"\n",
		shell_quote(farm), shell_quote(goroot), shell_quote(real));

	return put_program(path, text, strlen(text));
}

// The directories that are not links themselves, by their paths below GOROOT. Level 0 is GOROOT,
// level 1 bin and pkg, level 2 pkg/tool and level 3 the tools of each platform.
static bool
is_opened(int level, const char *name)
{
	return level == 2 || (level == 0 && strcmp(name, "bin") == 0) ||
	       (level == 0 && strcmp(name, "pkg") == 0) ||
	       (level == 1 && strcmp(name, "tool") == 0);
}

struct farm {
	const char *goroot, *path; // the real one, and the final path of the other
};

// Fills the directory `to` with what is in `from`.
static int
fill(const struct farm *f, const char *from, const char *to, int level)
{
	DIR *dir = opendir(from);
	struct dirent *e;
	int err = dir == NULL || mkdir(to, 0700) != 0 ? -errno : 0;

	while (err == 0 && (e = readdir(dir)) != NULL) {
		const char *name = e->d_name;
		char *real = path_join(from, name), *path = path_join(to, name);
		struct stat st;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
			continue;
		}
		if (is_opened(level, name) && stat(real, &st) == 0 && S_ISDIR(st.st_mode)) {
			err = fill(f, real, path, level + 1);
		} else if (level == 1 && strcmp(name, "go") == 0) {
			err = put_go(real, path);
		} else if (level == 3 && strcmp(name, "link") == 0) {
			err = put_linker(f->path, f->goroot, real, path);
		} else {
			err = make_link(real, path);
		}
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return err;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

// Returns whether the farm exists. It is made by one rename, but a cleaner of caches may have
// removed files.
static bool
is_whole(const char *path)
{
	static const char *const files[] = {"pkg/include", "src/runtime/cgo/cgo.go"};
	char *tools = path_join(path, "pkg/tool");
	DIR *dir = opendir(tools);
	struct dirent *e;
	bool whole = dir != NULL && access(path_join(path, "bin/go"), X_OK) == 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && whole; i++) {
		whole = access(path_join(path, files[i]), R_OK) == 0;
	}
	while (whole && (e = readdir(dir)) != NULL) {
		whole = e->d_name[0] == '.' ||
			access(fmt("%s/%s/link", tools, e->d_name), X_OK) == 0;
	}
	if (dir != NULL) {
		closedir(dir);
	}
	return whole;
}

// Makes the second path of a GOROOT. Returns 0 or -errno. Any number of commands may do this at
// the same time: each makes its own, and the first rename wins.
int
goroot_farm(const char *path, const char *goroot)
{
	char *fresh = fmt("%s.%ld", path, (long)getpid()), *stale = fmt("%s.old", fresh);
	struct farm f = {goroot, path};

	if (is_whole(path)) {
		return 0;
	}
	int err = fill(&f, goroot, fresh, 0);

	if (err == 0 && rename(fresh, path) != 0) {
		err = -errno;
		if (is_whole(path)) {
			err = 0;
		} else if (rename(path, stale) == 0) {
			err = rename(fresh, path) != 0 ? -errno : 0;
			remove_tree(stale);
		}
	}
	remove_tree(fresh);
	// A file system that is mounted with noexec.
	return err == 0 && !is_whole(path) ? -EACCES : err;
}
