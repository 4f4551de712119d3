// SPDX-License-Identifier: BSD-3-Clause
#include "modes.h"

#include <pthread.h>
#include <signal.h>

#include "_cgo_export.h"

int
modes_back(int n)
{
	return modesGo(n);
}

static void *
calls_back(void *calls)
{
	for (int i = 0; i < *(int *)calls; i++) {
		modesGo(i);
	}
	return NULL;
}

int
modes_threads(int n, int calls)
{
	pthread_t threads[64];
	int err = 0;
	int started = 0;

	for (; started < n && started < 64 && err == 0; started++) {
		err = pthread_create(&threads[started], NULL, calls_back, &calls);
		started -= err != 0;
	}
	for (int i = 0; i < started; i++) {
		pthread_join(threads[i], NULL);
	}
	return err;
}

int
modes_raise(int sig)
{
	return pthread_kill(pthread_self(), sig);
}
