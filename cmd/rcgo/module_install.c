// SPDX-License-Identifier: BSD-3-Clause
// rcgo init: installs the embedded files of the Go module, and removes them. Files that a user has
// changed are kept. A manifest beside the files records what each file was like when it was
// installed.
#include "rcgo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Returns the path of an embedded file. Its name has ! for /.
static char *
installed_path(const char *dir, const struct payload_file *f)
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

// Returns the path of the manifest. It has a line for each installed file: its hash and its name.
static char *
manifest_path(const char *dir)
{
	return path_join(dir, "rcgo.files");
}

// Parses the next line of *text and advances. Returns whether there is one.
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

// Returns whether the file exists and is unchanged since this rcgo or another one installed it.
static bool
is_as_installed(const char *dir, const char *path)
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

// Renames a file that a user has changed, before it is replaced. Go ignores the new name.
static void
keep_edited(const char *path)
{
	char *kept = fmt("%s.edited", path);

	for (int i = 2; access(kept, F_OK) == 0; i++) {
		kept = fmt("%s.edited%d", path, i);
	}
	if (rename(path, kept) != 0) {
		fail(fmt("%s: %s", path, strerror(errno)),
			"you have changed the file, so rcgo must keep it", NULL);
	}
	warn(problem(fmt("%s was changed", path), fmt("your file is now %s", kept), NULL));
}

static void
write_installed(const char *path, const void *data, size_t size)
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
is_embedded(const char *dir, const char *path)
{
	for (size_t i = 0; i < module_count; i++) {
		if (strcmp(installed_path(dir, &module_files[i]), path) == 0) {
			return true;
		}
	}
	return false;
}

// Removes files that another rcgo installed and that this one does not contain.
static void
remove_stale(const char *root, const char *dir)
{
	size_t size;
	char *text = read_file(manifest_path(dir), &size), *name;
	unsigned long long hash;

	while (manifest_next(&text, &hash, &name)) {
		char *path = path_join(dir, name);

		if (strstr(name, "..") != NULL || is_embedded(dir, path) ||
			access(path, F_OK) != 0) {
			continue;
		}
		if (is_as_installed(dir, path)) {
			unlink(path);
			remove_parents(root, path);
		} else {
			keep_edited(path);
		}
	}
}

void
module_install(const char *root, const char *dir)
{
	char *manifest = "";

	remove_stale(root, dir);
	for (size_t i = 0; i < module_count; i++) {
		const struct payload_file *f = &module_files[i];
		char *path = installed_path(dir, f);
		size_t size = (size_t)(f->end - f->data);

		manifest = fmt(
			"%s%016llx %s\n", manifest, hash_of(f->data, size), path + strlen(dir) + 1);
		if (same(path, f)) {
			continue;
		}
		if (access(path, F_OK) == 0 && !is_as_installed(dir, path)) {
			keep_edited(path);
		}
		make_parents(root, path);
		write_installed(path, f->data, size);
	}
	write_installed(manifest_path(dir), manifest, strlen(manifest));
}

void
module_remove(const char *root, const char *dir)
{
	size_t kept = 0;

	remove_stale(root, dir);
	for (size_t i = 0; i < module_count; i++) {
		char *path = installed_path(dir, &module_files[i]);

		if (same(path, &module_files[i]) || is_as_installed(dir, path)) {
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
