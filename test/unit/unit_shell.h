// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: files that real tools make. The other tools' word is what a test compares with.
#ifndef UNIT_SHELL_H
#define UNIT_SHELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A directory of this test's own, removed when its process ends; the shell's commands run there.
const char *unit_shell_dir(void);

// Runs a command by sh in that directory; the test fails when the command does.
void unit_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
// The same, but says whether the command succeeded, and nothing on the terminal.
bool unit_shell_try(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Skips the test on a machine without this command.
void unit_shell_needs(const char *command);

// What the command prints, with a 0 behind it; size may be NULL. The caller frees it.
char *unit_shell_output(size_t *size, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

// The path of a file in the test's directory, good until the eighth next call.
const char *unit_shell_path(const char *name);
// The content of a file there. The caller frees it.
uint8_t *unit_shell_read(const char *name, size_t *size);
void unit_shell_write(const char *name, const void *content, size_t size);

#endif // UNIT_SHELL_H
