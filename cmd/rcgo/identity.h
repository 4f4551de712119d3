// SPDX-License-Identifier: BSD-3-Clause
// Reads the identity of our runtime/cgo from a built program.
#ifndef IDENTITY_H
#define IDENTITY_H

#include "rcgo.h"

char *identity_of_file(const char *path, char **why);
char *identity_of_process(const char *pid, char **file, char **why);
char *identity_field(const char *text, const char *name);
#endif
