// SPDX-License-Identifier: BSD-3-Clause
// What testdata/lib exports, linked or, with -DDLOPEN, loaded by load().
#ifndef HOSTS_H
#define HOSTS_H

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <stdio.h>
#include <stdlib.h>

#define CHECK(x)                                                                \
	do {                                                                    \
		if (!(x)) {                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			exit(1);                                                \
		}                                                               \
	} while (0)

#ifdef DLOPEN

#	include <dlfcn.h>

static int (*libAdd)(int, int);

static inline void
load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);

	if (lib == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	*(void **)&libAdd = dlsym(lib, "libAdd");
	CHECK(libAdd != NULL);
}

#else

extern int libAdd(int, int);
extern int libFault(void);
extern void libNotify(int);
extern void libStop(void);
extern int libGot(int);

#endif

#endif // HOSTS_H
