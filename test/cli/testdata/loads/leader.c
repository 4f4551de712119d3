// SPDX-License-Identifier: BSD-3-Clause
// Its first thread ends, and another waits.
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static void *
wait_forever(void *arg)
{
	(void)arg;
	puts("ready");
	fflush(stdout);
	return getchar() != 0 ? NULL : arg;
}

int
main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, wait_forever, NULL);
	pthread_exit(NULL);
}
