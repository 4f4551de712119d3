// SPDX-License-Identifier: BSD-3-Clause
// System Calls: all-threads calls: which slot is whose. rcgo__all_slot_of runs in the handler too.

#include "rcgo_allthreads.h"
#include "rcgo_raw.h"

RCGO_NO_SANITIZE struct rcgo_all_slot *
rcgo__all_slot_of(struct rcgo_all_op *op, uint32_t tid)
{
	uint32_t i = tid; // ids come one after the other, so they share pages

	for (uint32_t n = 0; n < RCGO_ALL_SLOTS; n++, i++) {
		struct rcgo_all_slot *s = &op->slots[i % RCGO_ALL_SLOTS];

		if (rcgo_load_acq(&s->state) >> 3 != op->attempt || s->tid == tid) {
			return s;
		}
	}
	return NULL;
}

void
rcgo__all_keep_known(struct rcgo_all_op *op, uint32_t last_attempt)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < op->filled; i++) {
		uint32_t index = op->order[i];
		const struct rcgo_all_slot *s = &op->slots[index];
		uint32_t state = rcgo_load_acq(&s->state);

		// One that is not at its own place would not be found there by a sweep.
		if (index == s->tid % RCGO_ALL_SLOTS &&
			(state == (last_attempt << 3 | RCGO_ALL_ARRIVED) ||
				state == (last_attempt << 3 | RCGO_ALL_SELF))) {
			op->order[kept++] = index;
		}
	}
	op->filled = kept;
}
