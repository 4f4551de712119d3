// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "threadsoak.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "_cgo_export.h"

#define MAKERS 8
static pthread_t makers[MAKERS];
static int started;
static atomic_int stopping;
static atomic_ullong made, called;

// As in runtime_cgo.h.
extern long rcgo_syscall_all_threads(long, const uintptr_t[6], void *) __attribute__((weak));
extern void rcgo_stats(uint64_t *, size_t) __attribute__((weak));

static void *
visit(void *calls)
{
	for (intptr_t i = 0; i < (intptr_t)calls; i++) {
		soakCalled();
		called++;
	}
	return NULL;
}

static void *
make(void *calls)
{
	while (!stopping) {
		pthread_t t;
		const struct timespec pause = {0, 1000000};

		if (pthread_create(&t, NULL, visit, calls) != 0) {
			nanosleep(&pause, NULL);
			continue;
		}
		made++;
		// Every other one is left to end by itself.
		if (made % 2 == 0) {
			pthread_join(t, NULL);
		} else {
			pthread_detach(t);
			nanosleep(&pause, NULL);
		}
	}
	return NULL;
}

int
soak_maker_start(int calls_each)
{
	if (started == MAKERS) {
		return EAGAIN;
	}
	return pthread_create(&makers[started++], NULL, make, (void *)(intptr_t)calls_each);
}

void
soak_makers_stop(void)
{
	stopping = 1;
	while (started > 0) {
		pthread_join(makers[--started], NULL);
	}
}

uint64_t
soak_threads_made(void)
{
	return made;
}

uint64_t
soak_calls_made(void)
{
	return called;
}

int
soak_keys_left(void)
{
	pthread_key_t keys[2048];
	int n = 0;

	while (n < 2048 && pthread_key_create(&keys[n], NULL) == 0) {
		n++;
	}
	for (int i = 0; i < n; i++) {
		pthread_key_delete(keys[i]);
	}
	return n;
}

long
soak_all_threads(void)
{
	const uintptr_t args[6] = {(uintptr_t)-1, (uintptr_t)-1, (uintptr_t)-1};

	return rcgo_syscall_all_threads == NULL
		       ? -ENOSYS
		       : rcgo_syscall_all_threads(SYS_setresuid, args, NULL);
}

void
soak_counted(uint64_t *running, uint64_t *bound)
{
	uint64_t values[4] = {0};

	if (rcgo_stats != NULL) {
		rcgo_stats(values, sizeof values);
	}
	*running = values[1];
	*bound = values[3];
}

int
soak_env_is_right(void)
{
	const char *v = getenv("SOAK_KEPT");

	return v != NULL && strcmp(v, "kept") == 0;
}
