// SPDX-License-Identifier: BSD-3-Clause
#include "calls.h"

uintptr_t
calls_repeat(calls_fn fn, uintptr_t n, uintptr_t arg)
{
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < n; i++) {
		sum += fn(i, arg);
	}
	return sum;
}

void
calls_push(rcgo_ring *ring, uintptr_t n, int shared)
{
	for (uintptr_t i = 0; i < n; i++) {
		struct calls_event e = {i, 1, 2};

		if (shared) {
			rcgo_ring_push_shared(ring, &e, sizeof e);
		} else {
			rcgo_ring_push(ring, &e, sizeof e);
		}
	}
}

void
calls_nothing(void)
{
}

void
calls_regions(uintptr_t n)
{
	for (uintptr_t i = 0; i < n; i++) {
		rcgo_acquire(rcgo_release());
	}
}
