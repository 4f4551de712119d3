// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: files that real tools make. A test compares with the output of these tools.
#ifndef UNIT_SHELL_H
#define UNIT_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Returns a directory for this test, which is removed when its process ends. The shell's commands
// run there.
const char *unit_shell_dir(void);

// Runs a command by sh in that directory; the test fails if the command does.
void unit_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Runs a command in the same way, without output, and returns whether it succeeded.
bool unit_shell_try(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Skips the test on a machine without this command.
void unit_shell_needs(const char *command);

// Returns what the command prints, followed by a 0; size may be NULL. The caller frees it.
char *unit_shell_output(size_t *size, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// Returns the path of a file in the test's directory, valid for the next seven calls.
const char *unit_shell_path(const char *name);
// Returns the content of a file there. The caller frees it.
uint8_t *unit_shell_read(const char *name, size_t *size);
void unit_shell_write(const char *name, const void *content, size_t size);

#endif // UNIT_SHELL_H
