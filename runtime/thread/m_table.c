// SPDX-License-Identifier: BSD-3-Clause
// The Ms that threads run on. Written as threads start and end, read in a forked child.
// Re-read runtime/lock_futex.go and lock_spinbit.go (lock2: m.locks is incremented before the lock
// is taken) and runtime/proc.go (procPin).

//rcgo:small

#include "m_table.h"

#define M_PLACES 512

// The g0 of each M; NULL: free.
// owner: the thread that took the place; lock: none; ordering: compare and swap, release
static const G *m_table[M_PLACES];

// The number of Ms that have no place.
// owner: rcgo__m_table_add and rcgo__m_table_remove; lock: none; ordering: atomic add
static uintptr_t ms_without_place;

// owner: rcgo__m_table_set_locks; lock: none; ordering: release and acquire
static const uintptr_t *locks_offset;

uint32_t
rcgo__m_table_add(const G *g0)
{
	for (uint32_t i = 0; i < M_PLACES; i++) {
		const G *none = NULL;

		if (rcgo_load_rlx(&m_table[i]) == NULL && rcgo_cas(&m_table[i], &none, g0)) {
			return i + 1;
		}
	}
	rcgo_add_rlx(&ms_without_place, 1);
	return 0;
}

void
rcgo__m_table_remove(uint32_t place)
{
	if (place == 0) {
		rcgo_add_rlx(&ms_without_place, (uintptr_t)-1);
		return;
	}
	rcgo_store_rel(&m_table[place - 1], (const G *)NULL);
}

void
rcgo__m_table_set_locks(const uintptr_t *offset)
{
	rcgo_store_rel(&locks_offset, offset);
}

static bool
holds_locks(const G *g0, uintptr_t offset)
{
	uintptr_t m = rcgo_load_rlx(&g0->m);

	return m != 0 && rcgo_load_rlx((const int32_t *)(m + offset)) != 0;
}

bool
rcgo__m_table_may_hold_locks(void)
{
	const uintptr_t *stored = rcgo_load_acq(&locks_offset);
	uintptr_t offset = stored != NULL ? rcgo_load_acq(stored) : 0;

	if (offset == 0 || rcgo_load_rlx(&ms_without_place) != 0) {
		return true;
	}
	for (uint32_t i = 0; i < M_PLACES; i++) {
		const G *g0 = rcgo_load_acq(&m_table[i]);

		if (g0 != NULL && holds_locks(g0, offset)) {
			return true;
		}
	}
	return false;
}
