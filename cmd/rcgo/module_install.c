// SPDX-License-Identifier: BSD-3-Clause
// rcgo init: lays the carried files of the Go module, and takes them up again. What a user has
// changed is kept: a list beside them says what each file was like when it was laid.
#include "rcgo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A carried file's name has ! for /.
static char *
laid_path(const char *dir, const struct payload_file *f)
{
	char *path = path_join(dir, f->name);

	for (char *p = path; (p = strchr(p, '!')) != NULL;) {
		*p = '/';
	}
	return path;
}

static bool
same(const char *path, const struct payload_file *f)
{
	size_t size;
	char *text = read_file(path, &size);

	return text != NULL && size == (size_t)(f->end - f->data) &&
	       memcmp(text, f->data, size) == 0;
}

// What was laid: a line for each file, its hash and its name.
static char *
manifest_path(const char *dir)
{
	return path_join(dir, "rcgo.files");
}

// Takes the next line from *text. Returns whether there is one.
static bool
manifest_next(char **text, unsigned long long *hash, char **name)
{
	char *line = *text;

	if (line == NULL || sscanf(line, "%16llx ", hash) != 1 || strlen(line) < 18) {
		return false;
	}
	*name = line + 17;
	*text = strchr(line, '\n');
	if (*text != NULL) {
		*(*text)++ = '\0';
	}
	return true;
}

static unsigned long long
hash_of(const void *data, size_t size)
{
	return fnv1a(FNV1A_START, data, size);
}

// Whether the file is there and nobody has changed it since it was laid, by this rcgo or another.
static bool
as_laid(const char *dir, const char *path)
{
	size_t size, text_size;
	char *data = read_file(path, &size);
	char *text = read_file(manifest_path(dir), &text_size), *name;
	unsigned long long hash;

	while (data != NULL && manifest_next(&text, &hash, &name)) {
		if (strcmp(name, path + strlen(dir) + 1) == 0) {
			return hash == hash_of(data, size);
		}
	}
	return false;
}

static void
make_parents(const char *root, const char *path)
{
	char *dir = xstrdup(path);

	for (char *p = dir + strlen(root); (p = strchr(p + 1, '/')) != NULL; *p = '/') {
		*p = '\0';
		if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
			fail(fmt("%s: %s", dir, strerror(errno)), NULL, NULL);
		}
	}
}

// Puts what a user has changed out of the way of what is laid; Go reads no such name.
static void
keep_edited(const char *path)
{
	char *kept = fmt("%s.edited", path);

	for (int i = 2; access(kept, F_OK) == 0; i++) {
		kept = fmt("%s.edited%d", path, i);
	}
	if (rename(path, kept) != 0) {
		fail(fmt("%s: %s", path, strerror(errno)), "it was changed and is to be kept",
			NULL);
	}
	warn(problem(fmt("%s was changed", path), fmt("your file is now %s", kept), NULL));
}

static void
write_laid(const char *path, const void *data, size_t size)
{
	int err = write_file(path, data, size);

	if (err == 0 && chmod(path, 0644) != 0) {
		err = -errno;
	}
	if (err != 0) {
		fail(fmt("%s: %s", path, strerror(-err)), NULL, NULL);
	}
}

// Removes the directories above path that have become empty, up to root.
static void
remove_parents(const char *root, char *path)
{
	for (char *slash; (slash = strrchr(path, '/')) > path + strlen(root);) {
		*slash = '\0';
		if (rmdir(path) != 0) {
			break;
		}
	}
}

static bool
is_carried(const char *dir, const char *path)
{
	for (size_t i = 0; i < module_count; i++) {
		if (strcmp(laid_path(dir, &module_files[i]), path) == 0) {
			return true;
		}
	}
	return false;
}

// Removes what another rcgo has laid and this one does not know.
static void
remove_stale(const char *root, const char *dir)
{
	size_t size;
	char *text = read_file(manifest_path(dir), &size), *name;
	unsigned long long hash;

	while (manifest_next(&text, &hash, &name)) {
		char *path = path_join(dir, name);

		if (strstr(name, "..") != NULL || is_carried(dir, path) ||
			access(path, F_OK) != 0) {
			continue;
		}
		if (as_laid(dir, path)) {
			unlink(path);
			remove_parents(root, path);
		} else {
			keep_edited(path);
		}
	}
}

void
module_lay(const char *root, const char *dir)
{
	char *manifest = "";

	remove_stale(root, dir);
	for (size_t i = 0; i < module_count; i++) {
		const struct payload_file *f = &module_files[i];
		char *path = laid_path(dir, f);
		size_t size = (size_t)(f->end - f->data);

		manifest = fmt(
			"%s%016llx %s\n", manifest, hash_of(f->data, size), path + strlen(dir) + 1);
		if (same(path, f)) {
			continue;
		}
		if (access(path, F_OK) == 0 && !as_laid(dir, path)) {
			keep_edited(path);
		}
		make_parents(root, path);
		write_laid(path, f->data, size);
	}
	write_laid(manifest_path(dir), manifest, strlen(manifest));
}

void
module_take_up(const char *root, const char *dir)
{
	size_t kept = 0;

	remove_stale(root, dir);
	for (size_t i = 0; i < module_count; i++) {
		char *path = laid_path(dir, &module_files[i]);

		if (same(path, &module_files[i]) || as_laid(dir, path)) {
			unlink(path);
		} else if (access(path, F_OK) == 0) {
			kept++;
			continue;
		}
		remove_parents(root, path);
	}
	unlink(manifest_path(dir));
	remove_parents(root, manifest_path(dir));
	if (kept > 0) {
		warn(problem(
			fmt("%zu files in %s were changed and stay there", kept, dir), NULL, NULL));
	}
}
