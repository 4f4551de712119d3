// SPDX-License-Identifier: BSD-3-Clause
// Threads that call Go before it is initialized: they must wait and then continue.
#include "hosts.h"

#include <pthread.h>

#define THREADS 8

static pthread_t threads[THREADS];
static int results[THREADS];

static void *
call(void *arg)
{
	int *result = arg;

	*result = libAdd(20, 22);
	return NULL;
}

static void
start(void)
{
	for (int i = 0; i < THREADS; i++) {
		CHECK(pthread_create(&threads[i], NULL, call, &results[i]) == 0);
	}
}

#ifndef DLOPEN
// In the constructor phase, possibly before Go's own constructor has run.
__attribute__((constructor(101))) static void
early(void)
{
	start();
}
#endif

int
main(int argc, char **argv)
{
	(void)argc, (void)argv;
#ifdef DLOPEN
	load(argv[1]);
	start();
#endif
	CHECK(libAdd(1, 2) == 3);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		CHECK(results[i] == 42);
	}
	puts("init barrier ok");
	return 0;
}
