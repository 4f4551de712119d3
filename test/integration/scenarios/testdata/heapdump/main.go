// SPDX-License-Identifier: BSD-3-Clause

// Heapdump fills the tables of heap profiling and copies them, as a dump does. It prints for how long the copy held
// a lock, and how long a thread waited that allocated meanwhile, beside the same without a dump.
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
#include <string.h>
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
#define ROOM ((size_t)64 << 20) // more than any part has, and less than the tables
#define SOMETHING_HAPPENED 10000 // ns
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

// Does what the dumper does to the machine, without a dump: it copies as much memory.
static void *
copier(void *records)
{
	size_t size;
	const char *tables = rcgo_heap_tables(&size);

	for (int i = 0; i < DUMPS; i++) {
		memcpy(records, tables, size < ROOM ? size : ROOM);
	}
	atomic_store(&done, 1);
	return NULL;
}

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
			if (rcgo_load_acq(lock[i]) != value) {
				was[i] = 0; // this thread was stopped before it read the clock
			} else if (value != was[i]) {
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

// What a thread that allocates and frees saw. To wait for a lock it sleeps, which is a voluntary switch; what else stops
// it on a busy machine is not.
struct waits {
	int64_t longest, waited;	// ns; waited: where the kernel did not stop the thread meanwhile
	long pairs, slow, slow_waits;	// slow: more than 1 ms
	long slept, stopped;
};

static void
count_slow(struct waits *waits, int64_t took)
{
	struct rusage use;

	getrusage(RUSAGE_THREAD, &use);
	waits->slow += took > 1000000;
	waits->longest = took > waits->longest ? took : waits->longest;
	if (use.ru_nivcsw == waits->stopped) {
		waits->slow_waits += took > 1000000;
		waits->waited = took > waits->waited ? took : waits->waited;
	}
	waits->slept = use.ru_nvcsw;
	waits->stopped = use.ru_nivcsw;
}

static void *
allocate(void *arg)
{
	struct waits *waits = arg;
	int64_t before = now(CLOCK_MONOTONIC);

	while (!atomic_load(&done)) {
		int64_t after;
		void *p = malloc(100);

		__asm__("" : : "r"(p) : "memory");
		free(p);
		after = now(CLOCK_MONOTONIC);
		waits->pairs++;
		if (after - before > SOMETHING_HAPPENED) {
			count_slow(waits, after - before);
		}
		before = now(CLOCK_MONOTONIC);
	}
	return NULL;
}

static void
measure_waits(const char *beside, void *(*other)(void *), void *records)
{
	struct waits waits = {0};
	pthread_t a, b;

	atomic_store(&done, 0);
	pthread_create(&a, NULL, allocate, &waits);
	pthread_create(&b, NULL, other, records);
	pthread_join(b, NULL);
	pthread_join(a, NULL);
	printf("beside %s: an allocation and its free took %lld us at most, more than 1 ms %ld times of %ld, and it slept %ld "
	       "times; where the kernel did not stop the thread %lld us at most, and more than 1 ms %ld times\n",
		beside, (long long)waits.longest / 1000, waits.slow, waits.pairs, waits.slept,
		(long long)waits.waited / 1000, waits.slow_waits);
}

static int
run(void)
{
	void *records = malloc(ROOM);
	pthread_t dump;
	int64_t hold;

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
	for (int i = 0; i < 3; i++) {
		measure_waits("a copy of the tables", copier, records);
		measure_waits("20 dumps", dumper, records);
	}
	fflush(stdout);
	return 0;
}
*/
import "C"

import "os"

func main() { os.Exit(int(C.run())) }
