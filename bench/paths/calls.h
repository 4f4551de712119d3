// SPDX-License-Identifier: BSD-3-Clause
// C that calls Go back and C that tells Go of events, for the paths of calls.go.
#ifndef CALLS_H
#define CALLS_H

#include "../../go/include/rcgo_leaf.h"
#include "../../go/include/rcgo_ring.h"

typedef uintptr_t (*calls_fn)(uintptr_t, uintptr_t);

struct calls_event {
	uint64_t job;
	uint32_t status, size;
};

uintptr_t calls_repeat(calls_fn fn, uintptr_t n, uintptr_t arg);
void calls_push(rcgo_ring *ring, uintptr_t n, int shared);
void calls_nothing(void);
void calls_regions(uintptr_t n);

#endif
