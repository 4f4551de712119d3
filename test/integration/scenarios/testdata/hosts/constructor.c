// SPDX-License-Identifier: BSD-3-Clause
// A shared object whose constructor calls Go, which the dynamic loader runs with its lock held; and
// with -DHOST a program that loads it: constructor dlopen|dlmopen OBJECT.

#ifdef HOST

#	define _GNU_SOURCE
#	include <dlfcn.h>
#	include <stdio.h>
#	include <string.h>

int
main(int argc, char **argv)
{
	void *object;
	int (*result)(void);

	if (argc != 3) {
		return 2;
	}
	object = strcmp(argv[1], "dlmopen") == 0 ? dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW)
						 : dlopen(argv[2], RTLD_NOW);
	if (object == NULL) {
		fprintf(stderr, "%s\n", dlerror());
		return 1;
	}
	*(void **)&result = dlsym(object, "result");
	printf("constructor got %d from Go\n", result());
	return 0;
}

#else

extern int libAdd(int, int);

static int got;

__attribute__((constructor)) static void
call(void)
{
	got = libAdd(20, 22);
}

int
result(void)
{
	return got;
}

#endif
