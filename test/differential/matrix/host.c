// SPDX-License-Identifier: BSD-3-Clause
// A C program with Go, linked in or with -DDLOPEN loaded: host HOW LIBRARY [GO].
#include <dlfcn.h>
#include <stdio.h>

#ifdef DLOPEN
static int (*matrixRun)(char *, char *);
#else
int matrixRun(char *how, char *library);
#endif

int
main(int argc, char **argv)
{
#ifdef DLOPEN
	void *go = argc > 3 ? dlopen(argv[3], RTLD_NOW) : NULL;

	if (go == NULL) {
		puts(dlerror());
		return 2;
	}
	matrixRun = (int (*)(char *, char *))dlsym(go, "matrixRun");
#endif
	return argc > 2 ? matrixRun(argv[1], argv[2]) : 2;
}
