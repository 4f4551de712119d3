// SPDX-License-Identifier: BSD-3-Clause

#include "crashes.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static pthread_barrier_t together;

__attribute__((noinline)) void
crashes_fault(void)
{
	*(volatile int *)8 = 1;
}

static void *
fault(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&together);
	crashes_fault();
	return NULL;
}

void
crashes_start(int threads, int wait)
{
	pthread_t thread = 0;

	pthread_barrier_init(&together, NULL, (unsigned)threads + 1);
	for (int i = 0; i < threads; i++) {
		pthread_create(&thread, NULL, fault, NULL);
	}
	pthread_barrier_wait(&together);
	if (wait && threads > 0) {
		pthread_join(thread, NULL);
	}
}
