// SPDX-License-Identifier: BSD-3-Clause
// Paths and files for rcgo.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *
path_join(const char *dir, const char *name)
{
	return fmt("%s%s%s", dir, has_suffix(dir, "/") ? "" : "/", name);
}

// Returns the shortest form of an absolute path, from its text alone, as Go's path/filepath does.
// The go command compares the paths of an overlay as text and never follows symbolic links.
char *
path_clean(const char *path)
{
	char *out = xalloc(strlen(path) + 2);
	size_t n = 0;

	while (*path != '\0') {
		size_t len = strcspn(path, "/");

		if (len == 2 && has_prefix(path, "..")) {
			while (n > 0 && out[--n] != '/') {
			}
		} else if (len > 0 && !(len == 1 && *path == '.')) {
			out[n++] = '/';
			memcpy(out + n, path, len);
			n += len;
		}
		path += len + (path[len] == '/');
	}
	if (n == 0) {
		out[n++] = '/';
	}
	out[n] = '\0';
	return out;
}

char *
path_absolute(const char *base, const char *path)
{
	return path_clean(path[0] == '/' ? path : path_join(base, path));
}

// Returns the path of a directory as a go command that works in it sees it: $PWD if that is the
// same directory (it keeps the user's symbolic links), else the path from the kernel.
char *
working_dir(const char *dir)
{
	const char *pwd = getenv("PWD");
	struct stat a, b;

	if (stat(dir, &a) != 0) {
		return xstrdup(dir);
	}
	if (pwd != NULL && pwd[0] == '/' && stat(pwd, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino) {
		return xstrdup(pwd);
	}
	char *real = realpath(dir, NULL);

	return real == NULL ? xstrdup(dir) : real;
}

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

// Returns whether a path refers to this rcgo, as the `go` of `rcgo shim` does.
bool
path_is_self(const char *path)
{
	struct stat a, b;

	return stat(path, &a) == 0 && stat(own_program(), &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static char *
search(const char *name, bool other)
{
	const char *path = getenv("PATH");

	for (const char *p = path; p != NULL && *p != '\0';) {
		size_t n = strcspn(p, ":");
		char *dir = n == 0 ? xstrdup(".") : strndup(p, n);
		char *full = path_join(dir, name);

		if (is_program(full) && !(other && path_is_self(full))) {
			return full;
		}
		p += n + (p[n] == ':');
	}
	return NULL;
}

// Returns where a shell finds a program; NULL if nowhere.
char *
path_search(const char *name)
{
	if (strchr(name, '/') != NULL) {
		return is_program(name) ? xstrdup(name) : NULL;
	}
	return search(name, false);
}

// Searches PATH for a program, ignoring files that refer to this rcgo.
char *
path_search_other(const char *name)
{
	return search(name, true);
}

// Returns the program in a value such as CC="ccache gcc". The go command allows quotes around a
// word.
char *
first_word(const char *command)
{
	command += strspn(command, " \t\r\n");
	if (*command == '\'' || *command == '"') {
		const char *end = strchr(command + 1, *command);

		return end == NULL ? xstrdup(command)
				   : strndup(command + 1, (size_t)(end - command - 1));
	}
	return strndup(command, strcspn(command, " \t\r\n"));
}

char *
read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0) {
		return NULL;
	}
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : errno;
		close(fd);
		return NULL;
	}
	// fstat reports no size for pipes and files in /proc, so read until the end in any case.
	size_t room = (size_t)st.st_size + 4096, n = 0;
	char *buf = xalloc(room + 1);

	for (;;) {
		ssize_t got = read(fd, buf + n, room - n);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			int err = errno;

			close(fd);
			errno = err;
			buf[n] = '\0';
			*size = n;
			return got < 0 ? NULL : buf;
		}
		n += (size_t)got;
		if (n == room) {
			room *= 2;
			buf = realloc(buf, room + 1);
			if (buf == NULL) {
				xalloc(SIZE_MAX);
			}
		}
	}
}

static int
write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

// Writes a file beside path, then renames it, so that readers see either the old or the whole new
// file. Returns 0 or -errno.
int
write_file(const char *path, const void *data, size_t size)
{
	char *tmp = fmt("%s.XXXXXX", path);
	int fd = mkostemp(tmp, O_CLOEXEC); // mode 0600

	if (fd < 0) {
		return -errno;
	}
	int err = write_all(fd, data, size);

	// A network file system or one with quotas may report a full disk only here.
	if (close(fd) != 0 && err == 0) {
		err = -errno;
	}
	if (err == 0 && rename(tmp, path) != 0) {
		err = -errno;
	}
	if (err != 0) {
		unlink(tmp);
	}
	return err;
}

// Writes the output for -o. Writes in place, as a compiler does, because path may be a link or a
// device. NULL and "-" mean standard output, whose errors main checks.
void
write_output(const char *path, const char *text)
{
	if (path == NULL || strcmp(path, "-") == 0) {
		fputs(text, stdout);
		return;
	}
	FILE *f = fopen(path, "we");
	bool ok = f != NULL && fputs(text, f) != EOF;

	if (f == NULL || fclose(f) != 0 || !ok) {
		fail(fmt("cannot write %s: %s", path, strerror(errno)), NULL,
			"choose another file with -o");
	}
}
