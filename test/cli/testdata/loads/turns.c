// SPDX-License-Identifier: BSD-3-Clause
// turns: four threads take turns: at each moment, at most one is in hold().
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 4

static _Atomic unsigned turn;

__attribute__((noinline)) static void
hold(void)
{
	for (volatile int i = 0; i < 20000; i++) {
	}
}

static void *
take_turns(void *own)
{
	for (;;) {
		while (atomic_load(&turn) % THREADS != (unsigned)(size_t)own) {
			sched_yield();
		}
		hold();
		atomic_fetch_add(&turn, 1);
	}
	return NULL;
}

int
main(void)
{
	pthread_t t;
	char c;

	for (size_t i = 0; i < THREADS; i++) {
		if (pthread_create(&t, NULL, take_turns, (void *)i) != 0) {
			return 3;
		}
	}
	puts("ready");
	fflush(stdout);
	return read(0, &c, 1) != 0;
}
