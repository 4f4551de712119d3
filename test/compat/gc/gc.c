// SPDX-License-Identifier: BSD-3-Clause
// Boehm's collector stops threads by a signal. Its handler takes its own stack pointer for the end
// of the stack to scan.
#include <stdint.h>

#define GC_THREADS 1
#include <gc/gc.h>

#include "_cgo_export.h"
#include "gc.h"

enum {
	THREADS = 4,
	LENGTH = 4000,
	CALL_EVERY = 200,
};

struct node {
	struct node *next;
	uintptr_t value;
};

static pthread_barrier_t round_begins, round_ends;
static long wrong; // words, in this round

static void
build_and_check(uintptr_t seed)
{
	struct node *list = NULL;
	uintptr_t n = 0;

	for (uintptr_t i = 0; i < LENGTH; i++) {
		struct node *node = GC_MALLOC(sizeof *node);

		node->next = list;
		node->value = seed + i;
		list = node;
		GC_MALLOC_ATOMIC(1000); // to be collected
		if (i % CALL_EVERY == 0) {
			workInGo((int)i);
		}
	}
	for (struct node *node = list; node != NULL; node = node->next) {
		if (node->value != seed + LENGTH - 1 - n++) {
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		}
	}
	if (n != LENGTH) {
		__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
	}
}

static void *
work(void *arg)
{
	// The first call waits for Go with all signals blocked: if a collector stopped the thread
	// that Go waits for, it would wait for this one for ever.
	workInGo(0);
	pthread_barrier_wait(&round_ends);
	for (;;) {
		pthread_barrier_wait(&round_begins);
		build_and_check((uintptr_t)arg);
		pthread_barrier_wait(&round_ends);
	}
	return NULL;
}

int
gc_start(void)
{
	GC_INIT();
	GC_allow_register_threads();
	pthread_barrier_init(&round_begins, NULL, THREADS + 1);
	pthread_barrier_init(&round_ends, NULL, THREADS + 1);
	for (uintptr_t i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, (void *)(i * 100000)) != 0) {
			return -1;
		}
	}
	pthread_barrier_wait(&round_ends);
	return 0;
}

long
gc_round(void)
{
	pthread_barrier_wait(&round_begins);
	pthread_barrier_wait(&round_ends);
	return __atomic_load_n(&wrong, __ATOMIC_RELAXED);
}

unsigned long
gc_collections(void)
{
	return GC_get_gc_no();
}
