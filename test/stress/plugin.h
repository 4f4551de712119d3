// SPDX-License-Identifier: BSD-3-Clause
// Stress: the libraries built from plugin.c, in the directory of the program.
#ifndef PLUGIN_H
#define PLUGIN_H

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Loads plugin_NAME.so. Ends the process if that fails.
static inline void *
plugin_open(const char *name)
{
	char path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;
	void *library;

	path[n > 0 ? n : 0] = 0;
	slash = strrchr(path, '/');
	if (slash != NULL) {
		snprintf(slash + 1, 32, "plugin_%s.so", name);
	}
	library = dlopen(path, RTLD_LAZY | RTLD_LOCAL);
	if (library == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return library;
}

#endif // PLUGIN_H
