// SPDX-License-Identifier: BSD-3-Clause
// The table of action slots: the C actions behind the trampolines. Runs on any stack, also in
// signal handlers.

#include "interpose.h"
#include "signal_handling.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The number of slots that are probed. If all of them are used, the table is full.
#	define PROBES 64

enum slot_state { SLOT_FREE, SLOT_WRITING, SLOT_READY };

// owner: the claiming thread (SLOT_FREE to SLOT_WRITING); lock: none; ordering: state, release on
// SLOT_READY, acquire on reading; SLOT_READY is final
static struct rcgo_action_slot action_slots[RCGO_ACTION_SLOTS];

static unsigned
slot_hash(const struct rcgo_action_slot *want)
{
	uint64_t h = want->handler * 0x9e3779b97f4a7c15u;

	h ^= (want->mask + want->flags) * 0xc2b2ae3d27d4eb4fu;
	return (unsigned)(h >> 40);
}

static bool
slot_matches(const struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	return slot->handler == want->handler && slot->mask == want->mask &&
	       slot->flags == want->flags;
}

// Returns whether slot holds, or has been claimed for, the wanted action. Skips a slot that is
// being written, because the writer may be this very thread, interrupted by a signal.
static bool
claim_slot(struct rcgo_action_slot *slot, const struct rcgo_action_slot *want)
{
	uint32_t state = SLOT_FREE;

	if (rcgo_load_acq(&slot->state) == SLOT_FREE &&
		__atomic_compare_exchange_n(&slot->state, &state, SLOT_WRITING, false,
			__ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
		slot->handler = want->handler;
		slot->mask = want->mask;
		slot->flags = want->flags;
		rcgo_store_rel(&slot->state, SLOT_READY);
		return true;
	}
	return rcgo_load_acq(&slot->state) == SLOT_READY && slot_matches(slot, want);
}

const struct rcgo_action_slot *
rcgo__action_slot_lookup_or_insert(const struct sigaction *act, bool native_mask)
{
	struct rcgo_action_slot want = {
		.flags = (uint32_t)act->sa_flags | (native_mask ? RCGO_NATIVE_MASK : 0)};
	unsigned hash;

	memcpy(&want.handler, &act->sa_handler, sizeof want.handler);
	want.mask = rcgo__sigmask_to_go(&act->sa_mask) & ~RCGO_NEVER_MASKED;
	hash = slot_hash(&want);
	for (unsigned i = 0; i < PROBES; i++) {
		struct rcgo_action_slot *slot = &action_slots[(hash + i) % RCGO_ACTION_SLOTS];

		if (claim_slot(slot, &want)) {
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
	return &action_slots[offset / RCGO_TRAMPOLINE_SIZE];
}

uintptr_t
rcgo__action_slot_trampoline(const struct rcgo_action_slot *slot)
{
	return (uintptr_t)rcgo__trampolines +
	       (uintptr_t)(slot - action_slots) * RCGO_TRAMPOLINE_SIZE;
}

#endif
