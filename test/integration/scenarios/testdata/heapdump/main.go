// SPDX-License-Identifier: BSD-3-Clause

// Heapdump fills the tables of heap profiling and copies them, as a dump does. It prints for how long the copy held
// a lock, and how long threads waited that allocated meanwhile.
package main

/*
#cgo CFLAGS: -D_GNU_SOURCE -I${SRCDIR}/../../../../../runtime/heap -I${SRCDIR}/../../../../../backtrace/util
#cgo CFLAGS: -I${SRCDIR}/../../../../../include -Wno-unused-function
#cgo LDFLAGS: -pthread
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "heap_control.h"

extern int rcgo_heap_set_rate(uint64_t rate);
extern const void *rcgo_heap_tables(size_t *size);
extern size_t rcgo_heap_copy(unsigned part, void *out);

#define DEPTH 13 // 8,192 stacks
#define EACH 100
#define DUMPS 20
#define MOST 16384
#define NOT_INLINED __attribute__((noinline, noipa))

static void *kept;

NOT_INLINED static void
keep(void)
{
	for (int i = 0; i < EACH; i++) {
		void **p = malloc(sizeof *p);

		*p = kept;
		kept = p;
	}
	mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void left(int depth, unsigned path);
static void right(int depth, unsigned path);

static void
go_on(int depth, unsigned path)
{
	if (depth == DEPTH) {
		keep();
	} else if ((path >> depth & 1) != 0) {
		right(depth + 1, path);
	} else {
		left(depth + 1, path);
	}
}

NOT_INLINED static void
left(int depth, unsigned path)
{
	go_on(depth, path);
	__asm__("" ::: "memory");
}

NOT_INLINED static void
right(int depth, unsigned path)
{
	go_on(depth, path);
	__asm__("" ::: "memory");
}

static int64_t
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static atomic_int done;

static void *
dumper(void *records)
{
	for (int i = 0; i < DUMPS; i++) {
		size_t n = 0;

		for (unsigned part = 0; part <= RCGO_HEAP_SHARDS; part++) {
			n += rcgo_heap_copy(part, records);
		}
		if (i == 0) {
			printf("%zu records\n", n);
		}
	}
	atomic_store(&done, 1);
	return NULL;
}

// Watches all locks while only the other thread takes any. The time is that thread's CPU time, because a busy
// machine may stop it anywhere.
static int64_t
longest_hold(pthread_t thread)
{
	size_t size;
	const struct rcgo_heap_header *header = rcgo_heap_tables(&size);
	struct rcgo_heap_control *control = (void *)(uintptr_t)header->control;
	uint32_t *lock[RCGO_HEAP_SHARDS + 3], was[RCGO_HEAP_SHARDS + 3] = {0};
	int64_t since[RCGO_HEAP_SHARDS + 3] = {0}, longest = 0;
	size_t seen = 0;
	clockid_t clock;

	pthread_getcpuclockid(thread, &clock);
	for (int i = 0; i < RCGO_HEAP_SHARDS; i++) {
		lock[i] = &control->shard[i].lock;
	}
	lock[RCGO_HEAP_SHARDS] = &control->mapping_lock;
	lock[RCGO_HEAP_SHARDS + 1] = &control->stack_lock;
	lock[RCGO_HEAP_SHARDS + 2] = &control->module_lock;
	while (!atomic_load(&done)) {
		for (int i = 0; i < RCGO_HEAP_SHARDS + 3; i++) {
			uint32_t value = rcgo_load_acq(lock[i]);
			int64_t at;

			if ((value & 1) == 0) {
				was[i] = 0;
				continue;
			}
			at = now(clock);
			if (value != was[i]) {
				was[i] = value;
				since[i] = at;
				seen++;
			} else if (at - since[i] > longest) {
				longest = at - since[i];
			}
		}
	}
	printf("%s locks were seen\n", seen > 0 ? "held" : "no held");
	return longest;
}

// Allocates and frees, and returns the longest time that a pair took. A thread that waits for a lock sleeps, which
// is a voluntary switch; what else stops it on a busy machine is not.
static void *
allocate(void *slept)
{
	struct rusage use;
	int64_t longest = 0, before = now(CLOCK_MONOTONIC);

	while (!atomic_load(&done)) {
		int64_t after;
		void *p = malloc(100);

		__asm__("" : : "r"(p) : "memory");
		free(p);
		after = now(CLOCK_MONOTONIC);
		longest = after - before > longest ? after - before : longest;
		before = after;
	}
	getrusage(RUSAGE_THREAD, &use);
	*(long *)slept = use.ru_nvcsw;
	return (void *)(intptr_t)longest;
}

static int
run(void)
{
	void *records = malloc((size_t)RCGO_HEAP_MAPPINGS * sizeof(struct rcgo_heap_entry)), *waited;
	pthread_t dump, other;
	int64_t hold;
	long slept = 0;

	if (records == NULL || rcgo_heap_set_rate(1) != 0) {
		return 1;
	}
	for (unsigned path = 0; path < 1u << DEPTH; path++) {
		go_on(0, path);
	}
	pthread_create(&dump, NULL, dumper, records);
	hold = longest_hold(dump);
	pthread_join(dump, NULL);
	printf("a lock was held for %lld us at most\n", (long long)hold / 1000);
	atomic_store(&done, 0);
	pthread_create(&other, NULL, allocate, &slept);
	pthread_create(&dump, NULL, dumper, records);
	pthread_join(dump, NULL);
	pthread_join(other, &waited);
	printf("an allocation took %lld us at most, and slept %ld times in %d dumps\n",
		(long long)(intptr_t)waited / 1000, slept, DUMPS);
	fflush(stdout);
	return 0;
}
*/
import "C"

import "os"

func main() { os.Exit(int(C.run())) }
