// SPDX-License-Identifier: BSD-3-Clause
// Loads a Go library and calls its goStart, which does not return before the input ends.
// usage: host LIBRARY
#include <dlfcn.h>
#include <stdio.h>

int
main(int argc, char **argv)
{
	void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
	void (*start)(void) = library != NULL ? (void (*)(void))dlsym(library, "goStart") : NULL;

	if (start == NULL) {
		fprintf(stderr, "host: %s\n", dlerror());
		return 1;
	}
	start();
	return 0;
}
