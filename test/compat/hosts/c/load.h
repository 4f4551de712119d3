// SPDX-License-Identifier: BSD-3-Clause
// For programs that load the Go library of ../golib by its path, and take the name of one of their
// cases: NAME LIBRARY.
#ifndef GOLIB_LOAD_H
#define GOLIB_LOAD_H

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHECK(x)                                                       \
	do {                                                           \
		if (!(x)) {                                            \
			printf("failed: line %d: %s\n", __LINE__, #x); \
			fflush(stdout);                                \
			_exit(1);                                      \
		}                                                      \
	} while (0)

static const char *library;
static int (*add)(int, int), (*work)(void), (*fault)(void), (*back)(int (*)(int), int);

static void
load(void)
{
	void *lib = dlopen(library, RTLD_NOW);

	if (lib == NULL) {
		printf("%s\n", dlerror());
		_exit(1);
	}
	*(void **)&add = dlsym(lib, "golib_add");
	*(void **)&work = dlsym(lib, "golib_work");
	*(void **)&fault = dlsym(lib, "golib_fault");
	*(void **)&back = dlsym(lib, "golib_back");
	CHECK(add(2, 3) == 5);
}

static int
twice(int i)
{
	return 2 * i;
}

// Calls each function of the library, which must be loaded.
static void
use(void)
{
	CHECK(add(2, 3) == 5);
	CHECK(work() == 1);
	CHECK(fault() == 1);
	CHECK(back(twice, 4) == 12);
}

struct golib_case {
	const char *name;
	void (*run)(void);
};

// Runs the case that the arguments name, and prints ok. Returns the exit status.
static int
run_case(int argc, char **argv, const struct golib_case *all, size_t n)
{
	CHECK(argc == 3);
	library = argv[2];
	for (size_t i = 0; i < n; i++) {
		if (strcmp(argv[1], all[i].name) == 0) {
			all[i].run();
			puts("ok");
			return 0;
		}
	}
	printf("unknown: %s\n", argv[1]);
	return 2;
}

#endif // GOLIB_LOAD_H
