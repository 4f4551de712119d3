// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: spare threads. Taken on g0; the keeper and the spares run on their own stacks,
// with every signal blocked that libc lets be blocked.

//go:build unix

//rcgo:small

#include "prespawn.h"

#include <errno.h>
#include <semaphore.h>

#include "fork_detect.h"
#include "options.h"
#include "stats_page.h"

#define SPARES_MOST 16U

enum place_state {
	PLACE_FREE,
	PLACE_BORN,   // the keeper has it: its thread is on its way
	PLACE_PARKED, // its thread waits
	PLACE_TAKEN,  // start is being written or read
};

struct spare_place {
	uint32_t state;
	sem_t wake;
	struct rcgo_thread_start start;
};

// owner: see place_state; lock: none; ordering: acquire and release of state, and wake
static struct spare_place spare_places[SPARES_MOST];
// owner: rcgo__prespawn_init; lock: none; ordering: the start of the threads that read it
static uint32_t spares_wanted;
// owner: as spares_wanted; lock: none; ordering: as spares_wanted
static void (*spare_run)(const struct rcgo_thread_start *);

// owner: who sets it, and then makes the keeper; lock: none; ordering: the keeper's start
static uint32_t keeper_claimed;
// Posted when there may be too few.
// owner: rcgo__prespawn_init; lock: none; ordering: its own
static sem_t spares_asked;

static void
await(sem_t *sem)
{
	while (sem_wait(sem) != 0) { // interrupted by a signal that libc keeps for itself
	}
}

// Indirect: what rcgo__prespawn_init got.
static void *
spare_entry(void *arg)
{
	struct spare_place *place = arg;
	struct rcgo_thread_start start;

	rcgo__thread_name(RCGO_NAME_SPARE);
	rcgo_store_rel(&place->state, PLACE_PARKED);
	await(&place->wake);
	start = place->start;
	rcgo_store_rel(&place->state, PLACE_FREE);
	sem_post(&spares_asked);
	spare_run(&start);
	return NULL;
}

static void
spare_make(struct spare_place *place)
{
	struct rcgo_thread_attr attr_req;
	uint32_t was = PLACE_FREE;

	if (!rcgo_cas(&place->state, &was, PLACE_BORN)) {
		return;
	}
	rcgo__thread_attr_init(&attr_req, true);
	place->start.stack_size = attr_req.stack_size;
	if (rcgo__thread_create(&attr_req, spare_entry, place) != 0) {
		rcgo_store_rel(&place->state, PLACE_FREE);
	}
	rcgo__thread_attr_destroy(&attr_req);
}

static void *
keeper_entry(RCGO_UNUSED void *unused)
{
	rcgo__thread_name(RCGO_NAME_SPARE);
	for (;;) {
		for (uint32_t i = 0; i < spares_wanted; i++) {
			spare_make(&spare_places[i]);
		}
		await(&spares_asked);
	}
	return NULL;
}

void
rcgo__prespawn_init(void (*run)(const struct rcgo_thread_start *))
{
	uint64_t wanted = rcgo__option_size("spare", 0);

	spares_wanted = wanted < SPARES_MOST ? (uint32_t)wanted : SPARES_MOST;
	spare_run = run;
	if (spares_wanted == 0) {
		return;
	}
	sem_init(&spares_asked, 0, 0);
	for (uint32_t i = 0; i < spares_wanted; i++) {
		sem_init(&spare_places[i].wake, 0, 0);
	}
}

bool
rcgo__prespawn_take(const ThreadStart *ts)
{
	// A forked child has the places, but not the threads.
	if (spares_wanted != 0 && rcgo__forked()) {
		return false;
	}
	for (uint32_t i = 0; i < spares_wanted; i++) {
		struct spare_place *place = &spare_places[i];
		uint32_t was = PLACE_PARKED;

		if (rcgo_load_rlx(&place->state) == PLACE_PARKED &&
			rcgo_cas(&place->state, &was, PLACE_TAKEN)) {
			place->start.ts = *ts;
			// As in x_cgo_thread_start.
			ts->g->stackhi = place->start.stack_size;
			sem_post(&place->wake);
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

	if (spares_wanted == 0 || rcgo__forked()) {
		return;
	}
	if (!rcgo_cas(&keeper_claimed, &nobody, 1)) {
		sem_post(&spares_asked);
	} else {
		rcgo__thread_attr_init(&attr_req, true);
		if (rcgo__thread_create(&attr_req, keeper_entry, NULL) != 0) {
			rcgo_store_rel(&keeper_claimed, 0);
		}
		rcgo__thread_attr_destroy(&attr_req);
	}
	errno = saved;
}
