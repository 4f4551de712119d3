// SPDX-License-Identifier: BSD-3-Clause
#include <pthread.h>
#include <stdint.h>

#include "_cgo_export.h"

static void *
call(void *n)
{
	return (void *)(intptr_t)plugGo((int)(intptr_t)n);
}

// Goes to Go on a thread of C.
int
plug_back(int n)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, call, (void *)(intptr_t)n) != 0) {
		return -1;
	}
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}
