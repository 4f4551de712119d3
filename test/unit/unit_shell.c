// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: files that real tools make.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "unit_shell.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char dir[PATH_MAX];
static pid_t owner;

static void
remove_dir(void)
{
	char command[PATH_MAX + 16];

	if (getpid() == owner) {
		snprintf(command, sizeof command, "rm -rf '%s'", dir);
		if (system(command) != 0) {
			fprintf(stderr, "cannot remove %s\n", dir);
		}
	}
}

const char *
unit_shell_dir(void)
{
	const char *tmp = getenv("TMPDIR");

	if (dir[0] == 0 || owner != getpid()) {
		snprintf(dir, sizeof dir, "%s/rcgo-unit-XXXXXX", tmp != NULL ? tmp : "/tmp");
		CHECK(mkdtemp(dir) != NULL);
		owner = getpid();
		atexit(remove_dir);
	}
	return dir;
}

static char *
command_in_dir(const char *format, va_list args)
{
	char *words, *command;

	CHECK(vasprintf(&words, format, args) >= 0);
	CHECK(asprintf(&command, "cd '%s' && { %s\n}", unit_shell_dir(), words) >= 0);
	free(words);
	return command;
}

void
unit_shell(const char *format, ...)
{
	va_list args;
	char *command;

	va_start(args, format);
	command = command_in_dir(format, args);
	va_end(args);
	if (system(command) != 0) {
		unit_fail(__FILE__, __LINE__, "failed: %s", command);
	}
	free(command);
}

bool
unit_shell_try(const char *format, ...)
{
	va_list args;
	char *command, *quiet;
	int status;

	va_start(args, format);
	command = command_in_dir(format, args);
	va_end(args);
	CHECK(asprintf(&quiet, "{ %s\n} >/dev/null 2>&1", command) >= 0);
	status = system(quiet);
	free(quiet);
	free(command);
	return status == 0;
}

void
unit_shell_needs(const char *command)
{
	if (!unit_shell_try("command -v %s", command)) {
		unit_skip("needs %s", command);
	}
}

char *
unit_shell_output(size_t *size, const char *format, ...)
{
	va_list args;
	char *command, *out = NULL;
	size_t n = 0, room = 0;
	FILE *pipe;

	va_start(args, format);
	command = command_in_dir(format, args);
	va_end(args);
	pipe = popen(command, "re");
	CHECK(pipe != NULL);
	do {
		if (room - n < 4096) {
			room = 2 * room + 65536;
			out = realloc(out, room);
			CHECK(out != NULL);
		}
		n += fread(out + n, 1, room - n - 1, pipe);
	} while (feof(pipe) == 0 && ferror(pipe) == 0);
	out[n] = 0;
	if (pclose(pipe) != 0) {
		unit_fail(__FILE__, __LINE__, "failed: %s", command);
	}
	free(command);
	if (size != NULL) {
		*size = n;
	}
	return out;
}

const char *
unit_shell_path(const char *name)
{
	static char paths[8][PATH_MAX + 256];
	static unsigned next;
	char *path = paths[next++ % UNIT_COUNTOF(paths)];

	snprintf(path, sizeof paths[0], "%s/%s", unit_shell_dir(), name);
	return path;
}

uint8_t *
unit_shell_read(const char *name, size_t *size)
{
	FILE *file = fopen(unit_shell_path(name), "rbe");
	uint8_t *content;
	long n;

	CHECK(file != NULL);
	CHECK_INT(fseek(file, 0, SEEK_END), 0);
	n = ftell(file);
	rewind(file);
	content = malloc((size_t)n + 1);
	CHECK(content != NULL);
	CHECK_INT(fread(content, 1, (size_t)n, file), n);
	fclose(file);
	content[n] = 0;
	*size = (size_t)n;
	return content;
}

void
unit_shell_write(const char *name, const void *content, size_t size)
{
	FILE *file = fopen(unit_shell_path(name), "wbe");

	CHECK(file != NULL);
	CHECK_INT(fwrite(content, 1, size, file), size);
	CHECK_INT(fclose(file), 0);
}
