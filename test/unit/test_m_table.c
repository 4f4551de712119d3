// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: the table of Ms, in which a forked child looks for runtime locks.

#include <string.h>

#include "m_table.h"
#include "unit.h"

#define PLACES 512
#define LOCKS_AT 264 // any offset of an int32

struct fake_m {
	_Alignas(8) unsigned char bytes[512];
};

static struct fake_m ms[2];
static G g0s[PLACES + 2];

static void
set_locks(struct fake_m *m, int32_t locks)
{
	memcpy(m->bytes + LOCKS_AT, &locks, sizeof locks);
}

static void
begin(void)
{
	static const uintptr_t offset = LOCKS_AT;

	rcgo__m_table_set_locks(&offset);
	for (size_t i = 0; i < PLACES + 2; i++) {
		g0s[i].m = (uintptr_t)&ms[i % 2];
	}
}

TEST(locks_of_any_m_count)
{
	uint32_t first, second;

	begin();
	CHECK(!rcgo__m_table_may_hold_locks());
	first = rcgo__m_table_add(&g0s[0]);
	second = rcgo__m_table_add(&g0s[1]);
	CHECK(first != 0 && second != 0 && first != second);
	CHECK(!rcgo__m_table_may_hold_locks());
	set_locks(&ms[1], 1);
	CHECK(rcgo__m_table_may_hold_locks());
	rcgo__m_table_remove(second);
	CHECK(!rcgo__m_table_may_hold_locks());
	CHECK_INT(rcgo__m_table_add(&g0s[1]), second);
	CHECK(rcgo__m_table_may_hold_locks());
	set_locks(&ms[1], 0);
	CHECK(!rcgo__m_table_may_hold_locks());
}

// x_cgo_init gets a g0 that has no M yet.
TEST(a_g0_without_m)
{
	begin();
	g0s[0].m = 0;
	CHECK(rcgo__m_table_add(&g0s[0]) != 0);
	CHECK(!rcgo__m_table_may_hold_locks());
}

TEST(a_full_table_may_miss_locks)
{
	uint32_t places[PLACES + 2];

	begin();
	for (size_t i = 0; i < PLACES + 2; i++) {
		places[i] = rcgo__m_table_add(&g0s[i]);
		CHECK_INT(places[i] != 0, i < PLACES);
	}
	CHECK(rcgo__m_table_may_hold_locks());
	rcgo__m_table_remove(places[PLACES]);
	CHECK(rcgo__m_table_may_hold_locks());
	rcgo__m_table_remove(places[PLACES + 1]);
	CHECK(!rcgo__m_table_may_hold_locks());
}

TEST(what_is_unknown_may_hold_locks)
{
	static const uintptr_t unknown;

	begin();
	rcgo__m_table_set_locks(&unknown);
	CHECK(rcgo__m_table_may_hold_locks());
}

UNIT_MAIN(UNIT_TEST(locks_of_any_m_count), UNIT_TEST(a_g0_without_m),
	UNIT_TEST(a_full_table_may_miss_locks), UNIT_TEST(what_is_unknown_may_hold_locks))
