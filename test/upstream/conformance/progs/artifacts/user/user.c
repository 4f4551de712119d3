// SPDX-License-Identifier: BSD-3-Clause
// A C program that uses the Go library: linked with it, or opening it by name when one is given.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8 };

static long (*sum)(int);
static int (*has_env)(void);

#ifdef LINKED
long LibSum(int n);
int LibHasEnv(void);
#endif

static void *
work(void *arg)
{
	(void)arg;
	return (void *)(sum(100) == 5050 ? "good" : NULL);
}

static int
find(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW);

	if (handle == NULL) {
		printf("%s\n", dlerror());
		return -1;
	}
	*(void **)&sum = dlsym(handle, "LibSum");
	*(void **)&has_env = dlsym(handle, "LibHasEnv");
	return sum != NULL && has_env != NULL ? 0 : -1;
}

int
main(int argc, char **argv)
{
	pthread_t threads[THREADS];
	int i, good = 0;

#ifdef LINKED
	sum = LibSum;
	has_env = LibHasEnv;
#endif
	if (argc > 1 && find(argv[1]) != 0) {
		return 1;
	}
	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, work, NULL) != 0) {
			return 1;
		}
	}
	for (i = 0; i < THREADS; i++) {
		void *ret;

		pthread_join(threads[i], &ret);
		good += ret != NULL;
	}
	printf("%d %d\n", good, has_env());
	return 0;
}
