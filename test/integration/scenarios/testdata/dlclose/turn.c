// SPDX-License-Identifier: BSD-3-Clause
#include "turn.h"

#include <dlfcn.h>
#include <stdlib.h>

long
turn(const char *library, char *name)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	unsigned (*work)(unsigned) = NULL;

	if (handle != NULL) {
		*(void **)&work = dlsym(handle, name);
	}
	free(name);
	if (work == NULL) {
		return 0;
	}
	work(3000);
	return dlclose(handle) == 0 ? (long)work : 0;
}
