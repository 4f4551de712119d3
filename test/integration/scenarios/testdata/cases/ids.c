// SPDX-License-Identifier: BSD-3-Clause
#include "ids.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

extern char **environ;

static void *
wait_for_ever(void *unused)
{
	for (;;) {
		pause();
	}
	return unused;
}

int
ids_start_threads(int n)
{
	int err = 0;

	for (int i = 0; i < n && err == 0; i++) {
		pthread_t thread;

		err = pthread_create(&thread, NULL, wait_for_ever, NULL);
	}
	return err;
}

const char *
ids_getenv(const char *name)
{
	return getenv(name);
}

int
ids_environ_count(void)
{
	int n = 0;

	while (environ != NULL && environ[n] != NULL) {
		n++;
	}
	return n;
}
