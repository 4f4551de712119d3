// SPDX-License-Identifier: BSD-3-Clause
// The directory where rcgo stores our sources and the overlays: the user's cache, or a private
// directory below the temporary directory.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct problem *
cache_problem(void)
{
	const char *own = getenv("RCGO_CACHE");

	if (own == NULL || *own == '\0' || *own == '/') {
		return NULL;
	}
	return problem(fmt("RCGO_CACHE=%s is not an absolute path", own),
		"go commands in other directories would look for our files elsewhere",
		"set RCGO_CACHE to a path that begins with /");
}

// Returns the cache directory that the environment selects; NULL if there is none.
char *
cache_dir_wanted(void)
{
	const char *own = getenv("RCGO_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	fail_on(cache_problem());
	if (own != NULL && *own != '\0') {
		return path_clean(own);
	}
	if (xdg != NULL && *xdg == '/') {
		return path_clean(path_join(xdg, "rcgo"));
	}
	if (home != NULL && *home == '/') {
		return path_clean(path_join(home, ".cache/rcgo"));
	}
	return NULL;
}

// Returns the second choice. A plain path has no spaces, for a GOFLAGS that cannot contain any.
char *
cache_dir_private(bool plain)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || *tmp != '/' || (plain && strpbrk(tmp, " \t\r\n") != NULL)) {
		tmp = "/tmp";
	}
	return path_clean(fmt("%s/rcgo-%lu", tmp, (unsigned long)geteuid()));
}

// Returns whether a group has no members except this user: the group of root, or the user's own
// group on a system with umask 002.
static bool
is_private_group(gid_t gid)
{
	size_t size;
	char *text = read_file("/etc/group", &size), *save;

	if (gid == 0) {
		return true;
	}
	for (char *line = text == NULL ? NULL : strtok_r(text, "\n", &save); line != NULL;
		line = strtok_r(NULL, "\n", &save)) {
		char *colon = strchr(line, ':'), *end;
		char *id = colon == NULL ? NULL : strchr(colon + 1, ':');

		if (id == NULL || strtoul(id + 1, &end, 10) != gid || *end != ':') {
			continue;
		}
		size_t n = (size_t)(colon - line);

		return gid == getegid() &&
		       (end[1] == '\0' || (strncmp(end + 1, line, n) == 0 && end[1 + n] == '\0'));
	}
	return false;
}

// Returns why another user could replace this directory; NULL if nobody can.
static char *
why_replaceable(const char *dir)
{
	struct stat st, root;

	// In a user namespace, the owner of / need not be uid 0, but has the same power.
	if (stat("/", &root) != 0) {
		return fmt("/: %s", strerror(errno));
	}
	for (char *up = xstrdup(dir), *slash; (slash = strrchr(up, '/')) > up;) {
		*slash = '\0';
		if (stat(up, &st) != 0) {
			return fmt("%s: %s", up, strerror(errno));
		}
		if (st.st_uid != geteuid() && st.st_uid != 0 && st.st_uid != root.st_uid) {
			return fmt("%s belongs to another user (uid %lu)", up,
				(unsigned long)st.st_uid);
		}
		if ((st.st_mode & 0002) != 0 && (st.st_mode & S_ISVTX) == 0) {
			return fmt("everybody may rename files in %s", up);
		}
		if ((st.st_mode & 0020) != 0 && (st.st_mode & S_ISVTX) == 0 &&
			!is_private_group(st.st_gid)) {
			return fmt("others of group %lu may rename files in %s",
				(unsigned long)st.st_gid, up);
		}
	}
	return NULL;
}

// Returns why a directory is not private to this user; NULL if it is. Its files are compiled into
// programs, so nobody else may change them between our check and the compiler's read.
static char *
why_not_private(const char *dir, bool may_be_link)
{
	struct stat st;
	char *real = realpath(dir, NULL);

	if (real == NULL || lstat(may_be_link ? real : dir, &st) != 0) {
		return xstrdup(strerror(errno));
	}
	if (!S_ISDIR(st.st_mode)) {
		return xstrdup("not a directory");
	}
	if (st.st_uid != geteuid()) {
		return fmt("owned by another user (uid %lu)", (unsigned long)st.st_uid);
	}
	if ((st.st_mode & 022) != 0) {
		return fmt("other users may write there (mode %04o)", st.st_mode & 07777);
	}
	char *why = why_replaceable(dir);

	return why != NULL || strcmp(real, dir) == 0 ? why : why_replaceable(real);
}

static int
make_dirs(const char *dir)
{
	char *path = xstrdup(dir);

	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		if (mkdir(path, 0700) != 0 && errno != EEXIST && errno != EROFS) {
			return -errno;
		}
		*p = '/';
	}
	return mkdir(dir, 0700) != 0 && errno != EEXIST ? -errno : 0;
}

// Creates the directory if needed. Returns why it cannot be used, or NULL. If the user chose it, it
// may be a symbolic link and its parents are created. In a temporary directory a link could be an
// attack.
char *
cache_try(const char *dir, bool chosen)
{
	int err = chosen ? make_dirs(dir) : mkdir(dir, 0700) != 0 && errno != EEXIST ? -errno : 0;

	return err < 0 ? xstrdup(strerror(-err)) : why_not_private(dir, chosen);
}

// Ends rcgo, because c->first cannot be used for c->why, and second for why2.
_Noreturn void
cache_none(const struct cache *c, const char *second, const char *why2)
{
	char *firsts = c->first == NULL ? xstrdup("HOME is not set, so there is no cache directory")
					: fmt("%s: %s", c->first, c->why);

	fail(fmt("no place to keep our sources: %s; %s: %s", firsts, second, why2),
		"the go command compiles our C sources from files, which other users must not be "
		"able "
		"to change",
		"set RCGO_CACHE to a directory that you own and that has 2 MB free");
}

// Switches to the second choice. Somebody who set RCGO_CACHE is told, unless GOFLAGS alone needs a
// plain path.
void
cache_use_private(struct cache *c, bool plain)
{
	const char *own = getenv("RCGO_CACHE");
	char *second = cache_dir_private(plain);
	char *why = cache_try(second, false);

	if (why != NULL) {
		cache_none(c, second, why);
	}
	if (own != NULL && *own != '\0' && !plain) {
		note(fmt("RCGO_CACHE: %s: %s; our files are in %s instead", c->first, c->why,
			second));
	}
	c->dir = second;
}

struct cache
cache_open(void)
{
	struct cache c = {.first = cache_dir_wanted()};

	c.why = c.first == NULL ? xstrdup("HOME is not set") : cache_try(c.first, true);
	if (c.why == NULL) {
		c.dir = c.first;
	} else {
		cache_use_private(&c, false);
	}
	return c;
}
