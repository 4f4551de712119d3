// SPDX-License-Identifier: BSD-3-Clause
// Producers in C for the tests of package ring.
#ifndef RCGO_RINGTEST_H
#define RCGO_RINGTEST_H

#include "rcgo_ring.h"

#include <pthread.h>

struct event {
	uint32_t producer, number;
	uint64_t check;
};

enum way { BY_THREAD, BY_LANE, SHARED, TRY_SHARED };

// A producer in a thread of its own.
struct producer {
	rcgo_ring *ring;
	uint32_t id, count;
	int32_t way, error; // enum way; the error that ended it, or 0
	uint32_t pushed;
	pthread_t thread;
	rcgo_lane *lane;
	int32_t held;
};

int ringtest_start(struct producer *p);
void ringtest_join(struct producer *p);
uint32_t ringtest_short_threads(rcgo_ring *ring, uint32_t threads);
uint32_t ringtest_signals(rcgo_ring *ring, uint32_t count, uint32_t *from_handler);
int ringtest_fork(rcgo_ring *ring, int32_t *errors);
int ringtest_offsets(size_t *offsets);
void ringtest_bench(rcgo_ring *ring, uint32_t count, int way);

#endif
