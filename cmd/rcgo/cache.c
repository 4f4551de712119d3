// SPDX-License-Identifier: BSD-3-Clause
// Where rcgo keeps our sources and the overlays it made: the user's cache, or a private place in
// the temporary directory. Entries are named after their content, checked at every use and put
// there by rename, so that any number of builds may run at once and nothing ever goes stale.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// The directory the user wants: NULL when there is no telling.
char *
cache_dir_wanted(void)
{
	const char *own = getenv("RCGO_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (own != NULL && *own != '\0') {
		return path_absolute(working_dir("."), own);
	}
	if (xdg != NULL && *xdg == '/') {
		return path_clean(path_join(xdg, "rcgo"));
	}
	if (home != NULL && *home == '/') {
		return path_clean(path_join(home, ".cache/rcgo"));
	}
	return NULL;
}

// The second choice. A plain one has no spaces, for a GOFLAGS that cannot hold any.
char *
cache_dir_private(bool plain)
{
	const char *tmp = getenv("TMPDIR");

	if (tmp == NULL || *tmp != '/' || (plain && strpbrk(tmp, " \t\r\n") != NULL)) {
		tmp = "/tmp";
	}
	return path_clean(fmt("%s/rcgo-%lu", tmp, (unsigned long)geteuid()));
}

// Why somebody else could put another directory in the place of this one; NULL when nobody can.
static char *
why_replaceable(const char *dir)
{
	struct stat st, root;

	// In a user namespace the owner of / need not be uid 0, but is as good as root.
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
	}
	return NULL;
}

// Why a directory is not ours alone; NULL when it is. What lies there is compiled into programs,
// so nobody else may be able to change it between our check and the compiler's read.
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

// Makes a place ready; returns why it cannot be used, or NULL. Where the user chose the place it
// may be a link and its parents are made; in a temporary directory a link may be a trap.
char *
cache_try(const char *dir, bool chosen)
{
	int err = chosen ? make_dirs(dir) : mkdir(dir, 0700) != 0 && errno != EEXIST ? -errno : 0;

	return err < 0 ? xstrdup(strerror(-err)) : why_not_private(dir, chosen);
}

static _Noreturn void
no_cache(const char *first, const char *why, const char *second, const char *why2)
{
	char *firsts = first == NULL ? xstrdup("HOME is not set, so there is no cache directory")
				     : fmt("%s: %s", first, why);

	fail(fmt("no place to keep our sources: %s; %s: %s", firsts, second, why2),
		"the go command compiles our C half from files, which must lie somewhere safe",
		"set RCGO_CACHE to a directory that you own and that has 1 MB free");
}

static void
use_private(struct cache *c, bool plain)
{
	char *second = cache_dir_private(plain);
	char *why = cache_try(second, false);

	if (why != NULL) {
		no_cache(c->first, c->why, second, why);
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
		use_private(&c, false);
	}
	return c;
}

// True when a file holds exactly this and only we may write it.
static bool
holds(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	bool same = false;

	if (fd < 0) {
		return false;
	}
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
		(st.st_mode & 022) == 0 && (size_t)st.st_size == size) {
		char *buf = xalloc(size + 1);
		size_t n = 0;
		ssize_t got;

		while (n < size && (got = read(fd, buf + n, size - n)) > 0) {
			n += (size_t)got;
		}
		same = n == size && memcmp(buf, data, size) == 0;
		free(buf);
	}
	close(fd);
	return same;
}

static int
put(const char *path, const void *data, size_t size)
{
	return holds(path, data, size) ? 0 : write_file(path, data, size);
}

static char *
put_payload_in(const char *dir)
{
	char *why = cache_try(dir, false);

	for (size_t i = 0; i < payload_count && why == NULL; i++) {
		const struct payload_file *f = &payload[i];
		char *path = path_join(dir, f->name);
		int err = payload_is_source(f) ? put(path, f->data, (size_t)(f->end - f->data)) : 0;

		if (err != 0) {
			why = fmt("%s: %s", path, strerror(-err));
		}
	}
	return why;
}

// A write beyond RLIMIT_FSIZE shall be an error like a full disk, not the end of the process.
static void
limit_signal(bool ignore)
{
	static struct sigaction old;
	struct sigaction ign = {.sa_handler = SIG_IGN};

	sigaction(SIGXFSZ, ignore ? &ign : &old, ignore ? &old : NULL);
}

// Leaves our sources in the cache and returns their directory. When the first place turns out to
// be full or read-only, all goes to the second.
char *
cache_put_payload(struct cache *c)
{
	limit_signal(true);
	char *dir = path_join(c->dir, fmt("src-%s", payload_hash));
	char *why = put_payload_in(dir);

	if (why != NULL) {
		if (c->why == NULL) {
			c->why = why;
			use_private(c, false);
			dir = path_join(c->dir, fmt("src-%s", payload_hash));
			why = put_payload_in(dir);
		}
		if (why != NULL) {
			no_cache(c->first, c->why, c->dir, why);
		}
	}
	limit_signal(false);
	return dir;
}

// Leaves a file made from one of GOROOT's beside our sources and returns its path; NULL when it
// cannot be written.
char *
cache_put_derived(const char *src, const char *name, const char *text, size_t size)
{
	unsigned long long hash = fnv1a(FNV1A_START, text, size);
	char *path = path_join(src, fmt("%016llx-%s", hash, name));

	limit_signal(true);
	int err = put(path, text, size);

	limit_signal(false);
	return err == 0 ? path : NULL;
}

// Leaves an overlay in the cache under a path that GOFLAGS can hold and returns that.
char *
cache_put_overlay(struct cache *c, const char *text, size_t size, int minor)
{
	unsigned long long hash = fnv1a(FNV1A_START, text, size);
	char *name = fmt("overlay-%016llx.json", hash);
	char *path = path_join(c->dir, name);

	limit_signal(true);
	int err = goflags_can_hold(path, minor) ? put(path, text, size) : -EINVAL;

	if (err != 0) {
		char *why = err == -EINVAL ? xstrdup("GOFLAGS cannot hold this path")
					   : fmt("%s: %s", path, strerror(-err));
		struct cache plain = {.first = c->dir, .why = why};

		use_private(&plain, !goflags_can_hold(path, minor));
		path = path_join(plain.dir, name);
		err = put(path, text, size);
		if (err != 0) {
			no_cache(c->dir, why, path, strerror(-err));
		}
	}
	limit_signal(false);
	return path;
}
