// SPDX-License-Identifier: BSD-3-Clause
// A symbolic link named `go` to rcgo. Under that name, rcgo accepts the subcommands of go only.
#include "rcgo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Creates the link in a directory. Returns 0 or -errno; -EEXIST if another `go` exists there.
int
shim_put(const char *dir)
{
	char *self = realpath(own_program(), NULL), *path = path_join(dir, "go");
	char *fresh = fmt("%s.%ld", path, (long)getpid());
	struct stat st;

	if (self == NULL) {
		return -errno;
	}
	if (path_is_self(path)) {
		return 0;
	}
	if (lstat(path, &st) == 0 && !S_ISLNK(st.st_mode)) {
		return -EEXIST;
	}
	if (symlink(self, fresh) != 0) {
		return -errno;
	}
	if (rename(fresh, path) != 0) {
		int err = -errno;

		unlink(fresh);
		return err;
	}
	return 0;
}

// Returns the directory of the `go` that `rcgo env` puts first in PATH. It is not in the cache, so
// the shell still finds rcgo after the cache has been removed. Returns NULL if no directory can be
// used.
char *
shim_dir(const struct cache *c)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *base = data != NULL && *data == '/'   ? xstrdup(data)
		     : home != NULL && *home == '/' ? path_join(home, ".local/share")
						    : NULL;
	char *dirs[] = {base == NULL ? NULL : path_clean(path_join(base, "rcgo/bin")),
		path_join(c->dir, "bin")};

	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++) {
		if (dirs[i] != NULL && strchr(dirs[i], ':') == NULL &&
			cache_try(dirs[i], true) == NULL && shim_put(dirs[i]) == 0) {
			return dirs[i];
		}
	}
	return NULL;
}

// Returns PATH with the directory at its front, or without it.
char *
shim_path(const char *dir, bool with)
{
	const char *path = getenv("PATH");
	char *rest = xstrdup(""), *save, *words = xstrdup(path == NULL ? "" : path);

	for (char *word = strtok_r(words, ":", &save); word != NULL;
		word = strtok_r(NULL, ":", &save)) {
		if (strcmp(word, dir) != 0) {
			rest = fmt("%s%s%s", rest, *rest == '\0' ? "" : ":", word);
		}
	}
	return with ? fmt("%s%s%s", dir, *rest == '\0' ? "" : ":", rest) : rest;
}
