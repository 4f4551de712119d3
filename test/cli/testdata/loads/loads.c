// SPDX-License-Identifier: BSD-3-Clause
// loads: for each line of its input, unloads the library that it has and loads the one that is
// named, in whose function work a thread then spins. Built with WORK, it is such a library.
#ifdef WORK
#	include <stdbool.h>

static void
WORK(const volatile bool *end)
{
	while (!*end) {
	}
}

void
work(const volatile bool *end)
{
	WORK(end);
	__asm__ volatile("" ::: "memory"); // no tail call
}

#else
#	include <dlfcn.h>
#	include <pthread.h>
#	include <stdbool.h>
#	include <stdio.h>
#	include <stdlib.h>
#	include <string.h>

static volatile bool end;

static void *
run(void *work)
{
	((void (*)(const volatile bool *))work)(&end);
	return NULL;
}

int
main(void)
{
	void *lib = NULL;
	char path[4096];
	pthread_t t;

	puts("ready");
	fflush(stdout);
	while (fgets(path, sizeof path, stdin) != NULL) {
		path[strcspn(path, "\n")] = 0;
		if (lib != NULL) {
			end = true;
			pthread_join(t, NULL);
			end = false;
			dlclose(lib);
		}
		lib = dlopen(path, RTLD_NOW);
		void *work = lib == NULL ? NULL : dlsym(lib, "work");

		if (work == NULL || pthread_create(&t, NULL, run, work) != 0) {
			return 3;
		}
		puts(path);
		fflush(stdout);
	}
	return 0;
}
#endif
