// SPDX-License-Identifier: BSD-3-Clause
// Stores files in the cache. Entries are named after their content, checked at every use (our
// sources by a stamp) and stored by rename. So any number of builds may run at the same time, and
// no entry becomes stale.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Returns whether a file has exactly this content and only this user may write it.
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

static const char stamp_name[] = "stamp";

// Returns the attributes of our sources in dir; the kernel changes one of them when a file changes.
// Returns NULL if a file is missing or others may write it. Stores the time of the last change.
static char *
payload_attributes(const char *dir, time_t *changed)
{
	char *text = xstrdup("");

	*changed = 0;
	for (size_t i = 0; i < payload_count; i++) {
		const char *name = payload[i].name;
		struct stat st;

		if (!payload_is_source(&payload[i])) {
			continue;
		}
		if (lstat(path_join(dir, name), &st) != 0 || !S_ISREG(st.st_mode) ||
			st.st_uid != geteuid() || (st.st_mode & 022) != 0) {
			return NULL;
		}
		text = fmt("%s%s %llu %lld %lld.%09ld %lld.%09ld\n", text, name,
			(unsigned long long)st.st_ino, (long long)st.st_size,
			(long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
			(long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
		*changed = st.st_ctim.tv_sec > *changed ? st.st_ctim.tv_sec : *changed;
	}
	return text;
}

// Returns whether our sources are unchanged since they were compared byte for byte for the stamp.
static bool
is_stamped(const char *dir)
{
	time_t changed;
	char *text = payload_attributes(dir, &changed);

	return text != NULL && holds(path_join(dir, stamp_name), text, strlen(text));
}

// Writes the stamp of sources that were compared. A file that changed within the last two seconds
// may change again without a new time. In that case there is no stamp, and the next command
// compares again.
static void
stamp(const char *dir)
{
	time_t changed;
	char *text = payload_attributes(dir, &changed);

	if (text != NULL && changed + 2 < time(NULL)) {
		write_file(path_join(dir, stamp_name), text, strlen(text));
	}
}

static char *
put_payload_in(const char *dir)
{
	char *why = cache_try(dir, false);

	if (why == NULL && is_stamped(dir)) {
		return NULL;
	}
	for (size_t i = 0; i < payload_count && why == NULL; i++) {
		const struct payload_file *f = &payload[i];
		char *path = path_join(dir, f->name);
		int err = payload_is_source(f) ? put(path, f->data, (size_t)(f->end - f->data)) : 0;

		if (err != 0) {
			why = fmt("%s: %s", path, strerror(-err));
		}
	}
	if (why == NULL) {
		stamp(dir);
	}
	return why;
}

// Makes a write beyond RLIMIT_FSIZE fail like a write to a full disk, instead of ending the
// process.
static void
limit_signal(bool ignore)
{
	static struct sigaction old;
	struct sigaction ign = {.sa_handler = SIG_IGN};

	sigaction(SIGXFSZ, ignore ? &ign : &old, ignore ? &old : NULL);
}

// Stores our sources in the cache and returns their directory. If the first directory is full or
// read-only, switches to the second choice.
char *
cache_put_payload(struct cache *c)
{
	limit_signal(true);
	char *dir = path_join(c->dir, fmt("src-%s", payload_hash));
	char *why = put_payload_in(dir);

	if (why != NULL) {
		if (c->why == NULL) {
			c->why = why;
			cache_use_private(c, false);
			dir = path_join(c->dir, fmt("src-%s", payload_hash));
			why = put_payload_in(dir);
		}
		if (why != NULL) {
			cache_none(c, c->dir, why);
		}
	}
	limit_signal(false);
	return dir;
}

// Stores the library that is preloaded into programs. Its name contains a hash of its content, so
// that a new version does not replace the file that a running program has mapped. Returns the
// path, or NULL if the file cannot be written.
char *
cache_put_preload(struct cache *c, const char *name, const void *data, size_t size)
{
	char *dir = path_join(
		c->dir, fmt("preload-%016llx", (unsigned long long)fnv1a(FNV1A_START, data, size)));
	char *path = path_join(dir, name);

	mkdir(dir, 0700); // if that fails, so does what follows
	return put(path, data, size) == 0 ? path : NULL;
}

// Stores another path for a GOROOT in the cache and returns it.
char *
cache_put_goroot(struct cache *c, const char *name, const char *goroot)
{
	char *path = path_join(c->dir, name);

	limit_signal(true);
	int err = goroot_farm(path, goroot);

	if (err != 0 && c->why == NULL) {
		c->why = fmt("%s: %s", path, strerror(-err));
		cache_use_private(c, false);
		path = path_join(c->dir, name);
		err = goroot_farm(path, goroot);
	}
	if (err != 0) {
		cache_none(c, path, strerror(-err));
	}
	limit_signal(false);
	return path;
}

// Stores a changed copy of a file of GOROOT beside our sources. Returns its path, or NULL if it
// cannot be written.
char *
cache_put_patched(const char *src, const char *name, const char *text, size_t size)
{
	unsigned long long hash = fnv1a(FNV1A_START, text, size);
	char *path = path_join(src, fmt("%016llx-%s", hash, name));

	limit_signal(true);
	int err = put(path, text, size);

	limit_signal(false);
	return err == 0 ? path : NULL;
}

// Stores an overlay in the cache and returns its path, which GOFLAGS can contain.
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

		cache_use_private(&plain, !goflags_can_hold(path, minor));
		path = path_join(plain.dir, name);
		err = put(path, text, size);
		if (err != 0) {
			cache_none(&plain, path, strerror(-err));
		}
	}
	limit_signal(false);
	return path;
}
