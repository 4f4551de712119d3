// SPDX-License-Identifier: BSD-3-Clause
// The functions that testdata/lib exports, linked or, with -DDLOPEN, loaded by load().
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

// Not every host calls all of them.
static __attribute__((unused)) int (*libAdd)(int, int);
static __attribute__((unused)) int (*libFault)(void);
static __attribute__((unused)) int (*libPreempt)(void);
static __attribute__((unused)) void (*libNotify)(int);
static __attribute__((unused)) void (*libStop)(void);
static __attribute__((unused)) int (*libGot)(int);
static __attribute__((unused)) void (*libPrint)(void);

static inline void *
find(void *lib, const char *name)
{
	void *function = dlsym(lib, name);

	CHECK(function != NULL);
	return function;
}

static inline void
load(const char *path)
{
	void *lib = dlopen(path, RTLD_NOW);

	if (lib == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	*(void **)&libAdd = find(lib, "libAdd");
	*(void **)&libFault = find(lib, "libFault");
	*(void **)&libPreempt = find(lib, "libPreempt");
	*(void **)&libNotify = find(lib, "libNotify");
	*(void **)&libStop = find(lib, "libStop");
	*(void **)&libGot = find(lib, "libGot");
	*(void **)&libPrint = find(lib, "libPrint");
}

#else

extern int libAdd(int, int);
extern int libFault(void);
extern int libPreempt(void);
extern void libNotify(int);
extern void libStop(void);
extern int libGot(int);
extern void libPrint(void);

#endif

#endif // HOSTS_H
