// SPDX-License-Identifier: BSD-3-Clause

// A C program that calls leaky: the archive, or the library of its argument. It then waits for the
// end of its input.
#include <dlfcn.h>
#include <stdio.h>

extern void LoseInHost(void) __attribute__((weak));

int
main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void (*lose)(void) = LoseInHost;

	if (library != NULL) {
		*(void **)&lose = dlsym(library, "LoseInHost");
	}
	if (lose == NULL) {
		fprintf(stderr, "host: no LoseInHost: %s\n", dlerror());
		return 1;
	}
	lose();
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF) {
	}
	return 0;
}
