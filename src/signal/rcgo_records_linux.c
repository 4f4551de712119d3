// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the actions that stubs stand for. Runs on any stack, in handlers too.

#include "rcgo_guard.h"
#include "rcgo_signal.h"

#ifndef RCGO_WITHOUT_SIGNALS

// How far from its place a record may lie. When so many neighbours are taken the table is full.
#	define PROBES 64

enum record_state { FREE, BEING_WRITTEN, WRITTEN };

// owner: who turns state from FREE to BEING_WRITTEN; lock: none; ordering: state, release on
// WRITTEN, acquire on reading; WRITTEN is for good
static struct rcgo_action records[RCGO_RECORDS];

static unsigned
place_of(const struct rcgo_action *want)
{
	uint64_t h = want->handler * 0x9e3779b97f4a7c15u;

	h ^= (want->mask + want->flags) * 0xc2b2ae3d27d4eb4fu;
	return (unsigned)(h >> 40);
}

static bool
same(const struct rcgo_action *record, const struct rcgo_action *want)
{
	return record->handler == want->handler && record->mask == want->mask &&
	       record->flags == want->flags;
}

// Whether record is, or has become, the one that is wanted. A record that somebody is writing is
// passed by: perhaps it is this very thread that was interrupted there.
static bool
take(struct rcgo_action *record, const struct rcgo_action *want)
{
	uint32_t state = FREE;

	if (rcgo_load_acq(&record->state) == FREE &&
		__atomic_compare_exchange_n(&record->state, &state, BEING_WRITTEN, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		record->handler = want->handler;
		record->mask = want->mask;
		record->flags = want->flags;
		rcgo_store_rel(&record->state, WRITTEN);
		return true;
	}
	return rcgo_load_acq(&record->state) == WRITTEN && same(record, want);
}

const struct rcgo_action *
rcgo__record_intern(const struct sigaction *act, bool own_mask)
{
	struct rcgo_action want = {
		.flags = (uint32_t)act->sa_flags | (own_mask ? RCGO_OWN_MASK : 0)};
	unsigned place;

	memcpy(&want.handler, &act->sa_handler, sizeof want.handler);
	want.mask = rcgo__sigmask_to_go(&act->sa_mask) & ~RCGO_NEVER_MASKED;
	place = place_of(&want);
	for (unsigned i = 0; i < PROBES; i++) {
		struct rcgo_action *record = &records[(place + i) % RCGO_RECORDS];

		if (take(record, &want)) {
			return record;
		}
	}
	return NULL;
}

const struct rcgo_action *
rcgo__record_of(uintptr_t handler)
{
	uintptr_t offset = handler - (uintptr_t)rcgo__guard_stubs;

	if (offset >= (uintptr_t)RCGO_RECORDS * RCGO_STUB_SIZE || offset % RCGO_STUB_SIZE != 0) {
		return NULL;
	}
	return &records[offset / RCGO_STUB_SIZE];
}

uintptr_t
rcgo__record_stub(const struct rcgo_action *record)
{
	return (uintptr_t)rcgo__guard_stubs + (uintptr_t)(record - records) * RCGO_STUB_SIZE;
}

#endif
