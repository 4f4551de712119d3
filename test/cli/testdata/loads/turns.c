// SPDX-License-Identifier: BSD-3-Clause
// turns: four threads take turns: at each moment, at most one is in hold().
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define THREADS 4

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t next = PTHREAD_COND_INITIALIZER;
static size_t turn;

__attribute__((noinline)) static void
hold(void)
{
	usleep(200);
	__asm__ volatile("" ::: "memory"); // no tail call
}

static void *
take_turns(void *own)
{
	for (;;) {
		pthread_mutex_lock(&lock);
		while (turn % THREADS != (size_t)own) {
			pthread_cond_wait(&next, &lock);
		}
		pthread_mutex_unlock(&lock);
		hold();
		pthread_mutex_lock(&lock);
		turn++;
		pthread_cond_broadcast(&next);
		pthread_mutex_unlock(&lock);
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
