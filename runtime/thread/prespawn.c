// SPDX-License-Identifier: BSD-3-Clause
// Pre-spawned threads. Taken on g0. The spawner and the pre-spawned threads run on their own
// stacks, with every signal blocked that libc lets them block.

//go:build unix

//rcgo:small

#include "prespawn.h"

#include <errno.h>
#include <semaphore.h>

#include "fork_detect.h"
#include "options.h"
#include "stats_page.h"

#define PRESPAWN_MAX 16U

enum prespawn_state {
	PRESPAWN_FREE,
	PRESPAWN_STARTING, // the spawner is creating its thread
	PRESPAWN_IDLE,	   // its thread waits for work
	PRESPAWN_TAKEN,	   // start is being written or read
};

struct prespawn_entry {
	uint32_t state;
	sem_t wake;
	struct rcgo_thread_start start;
};

// owner: see prespawn_state; lock: none; ordering: acquire and release of state, and wake
static struct prespawn_entry prespawn_entries[PRESPAWN_MAX];
// owner: rcgo__prespawn_init; lock: none; ordering: the start of the threads that read it
static uint32_t prespawn_wanted;
// owner: as prespawn_wanted; lock: none; ordering: as prespawn_wanted
static void (*prespawn_run)(const struct rcgo_thread_start *);

// owner: the thread that sets it and creates the spawner; lock: none; ordering: the spawner's start
static uint32_t spawner_claimed;
// Posted when there may be too few idle threads.
// owner: rcgo__prespawn_init; lock: none; ordering: its own
static sem_t spawner_wake;

static void
await(sem_t *sem)
{
	while (sem_wait(sem) != 0) { // interrupted by a signal that libc reserves
	}
}

// Indirect: the function that was passed to rcgo__prespawn_init.
static void *
prespawn_thread(void *arg)
{
	struct prespawn_entry *entry = arg;
	struct rcgo_thread_start start;

	rcgo__thread_name(RCGO_NAME_SPARE);
	rcgo_store_rel(&entry->state, PRESPAWN_IDLE);
	await(&entry->wake);
	start = entry->start;
	rcgo_store_rel(&entry->state, PRESPAWN_FREE);
	sem_post(&spawner_wake);
	prespawn_run(&start);
	return NULL;
}

static void
prespawn_create(struct prespawn_entry *entry)
{
	struct rcgo_thread_attr attr_req;
	uint32_t was = PRESPAWN_FREE;

	if (!rcgo_cas(&entry->state, &was, PRESPAWN_STARTING)) {
		return;
	}
	rcgo__thread_attr_init(&attr_req, true);
	entry->start.stack_size = attr_req.stack_size;
	if (rcgo__thread_create(&attr_req, prespawn_thread, entry) != 0) {
		rcgo_store_rel(&entry->state, PRESPAWN_FREE);
	}
	rcgo__thread_attr_destroy(&attr_req);
}

static void *
spawner_thread(RCGO_UNUSED void *unused)
{
	rcgo__thread_name(RCGO_NAME_SPARE);
	for (;;) {
		for (uint32_t i = 0; i < prespawn_wanted; i++) {
			prespawn_create(&prespawn_entries[i]);
		}
		await(&spawner_wake);
	}
	return NULL;
}

void
rcgo__prespawn_init(void (*run)(const struct rcgo_thread_start *))
{
	uint64_t wanted = rcgo__option_size("spare", 0);

	prespawn_wanted = wanted < PRESPAWN_MAX ? (uint32_t)wanted : PRESPAWN_MAX;
	prespawn_run = run;
	if (prespawn_wanted == 0) {
		return;
	}
	sem_init(&spawner_wake, 0, 0);
	for (uint32_t i = 0; i < prespawn_wanted; i++) {
		sem_init(&prespawn_entries[i].wake, 0, 0);
	}
}

bool
rcgo__prespawn_take(const ThreadStart *ts)
{
	// A forked child has the table but not the threads.
	if (prespawn_wanted != 0 && rcgo__forked()) {
		return false;
	}
	for (uint32_t i = 0; i < prespawn_wanted; i++) {
		struct prespawn_entry *entry = &prespawn_entries[i];
		uint32_t was = PRESPAWN_IDLE;

		if (rcgo_load_rlx(&entry->state) == PRESPAWN_IDLE &&
			rcgo_cas(&entry->state, &was, PRESPAWN_TAKEN)) {
			entry->start.ts = *ts;
			// As in x_cgo_thread_start.
			ts->g->stackhi = entry->start.stack_size;
			sem_post(&entry->wake);
			return true;
		}
	}
	return false;
}

void
rcgo__prespawn_missed(void)
{
	struct rcgo_thread_attr attr_req;
	uint32_t nobody = 0;
	int saved = errno;

	if (prespawn_wanted == 0 || rcgo__forked()) {
		return;
	}
	if (!rcgo_cas(&spawner_claimed, &nobody, 1)) {
		sem_post(&spawner_wake);
	} else {
		rcgo__thread_attr_init(&attr_req, true);
		if (rcgo__thread_create(&attr_req, spawner_thread, NULL) != 0) {
			rcgo_store_rel(&spawner_claimed, 0);
		}
		rcgo__thread_attr_destroy(&attr_req);
	}
	errno = saved;
}
