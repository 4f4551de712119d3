// SPDX-License-Identifier: BSD-3-Clause
// Base: variables of the environment. Runs while Go starts, and in crash reports.
// Contract: environ(7).

//rcgo:small

#include "environment.h"

#include <stddef.h>
#include <string.h>

extern char **environ; // of libc; FreeBSD's headers do not declare it

const char *
rcgo__environment_get(const char *name)
{
	size_t size = strlen(name);

	for (char *const *variable = environ; variable != NULL && *variable != NULL; variable++) {
		if (strncmp(*variable, name, size) == 0 && (*variable)[size] == '=') {
			return *variable + size + 1;
		}
	}
	return NULL;
}
