// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the actions that stubs stand for. Runs on any stack, in handlers too.

#include "interpose.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// How far from its place a record may lie. When so many neighbours are taken the table is full.
#	define PROBES 64

enum record_state { FREE, BEING_WRITTEN, WRITTEN };

// owner: who turns state from FREE to BEING_WRITTEN; lock: none; ordering: state, release on
// WRITTEN, acquire on reading; WRITTEN is for good
static struct rcgo_action_slot records[RCGO_ACTION_SLOTS];

static unsigned
place_of(const struct rcgo_action_slot *want)
{
	uint64_t h = want->handler * 0x9e3779b97f4a7c15u;

	h ^= (want->mask + want->flags) * 0xc2b2ae3d27d4eb4fu;
	return (unsigned)(h >> 40);
}

static bool
same(const struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	return slot->handler == want->handler && slot->mask == want->mask &&
	       slot->flags == want->flags;
}

// Whether record is, or has become, the one that is wanted. A record that somebody is writing is
// passed by: perhaps it is this very thread that was interrupted there.
static bool
take(struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	uint32_t state = FREE;

	if (rcgo_load_acq(&slot->state) == FREE &&
		__atomic_compare_exchange_n(&slot->state, &state, BEING_WRITTEN, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		slot->handler = want->handler;
		slot->mask = want->mask;
		slot->flags = want->flags;
		rcgo_store_rel(&slot->state, WRITTEN);
		return true;
	}
	return rcgo_load_acq(&slot->state) == WRITTEN && same(slot, want);
}

const struct rcgo_action_slot *
rcgo__action_slot_lookup_or_insert(const struct sigaction *act, bool native_mask)
{
	struct rcgo_action_slot want = {
		.flags = (uint32_t)act->sa_flags | (native_mask ? RCGO_NATIVE_MASK : 0)};
	unsigned place;

	memcpy(&want.handler, &act->sa_handler, sizeof want.handler);
	want.mask = rcgo__sigmask_to_go(&act->sa_mask) & ~RCGO_NEVER_MASKED;
	place = place_of(&want);
	for (unsigned i = 0; i < PROBES; i++) {
		struct rcgo_action_slot *slot = &records[(place + i) % RCGO_ACTION_SLOTS];

		if (take(slot, &want)) {
			return slot;
		}
	}
	return NULL;
}

const struct rcgo_action_slot *
rcgo__action_slot_of(uintptr_t handler)
{
	uintptr_t offset = handler - (uintptr_t)rcgo__trampolines;

	if (offset >= (uintptr_t)RCGO_ACTION_SLOTS * RCGO_TRAMPOLINE_SIZE ||
		offset % RCGO_TRAMPOLINE_SIZE != 0) {
		return NULL;
	}
	return &records[offset / RCGO_TRAMPOLINE_SIZE];
}

uintptr_t
rcgo__action_slot_trampoline(const struct rcgo_action_slot *slot)
{
	return (uintptr_t)rcgo__trampolines + (uintptr_t)(slot - records) * RCGO_TRAMPOLINE_SIZE;
}

#endif
