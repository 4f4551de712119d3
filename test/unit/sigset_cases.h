// SPDX-License-Identifier: BSD-3-Clause
// Unit tests of signal sets, for one layout. Each function is compared with an array of one byte
// for each signal.
#ifndef SIGSET_CASES_H
#define SIGSET_CASES_H

#include <string.h>

#include "go_sigset.h"
#include "unit.h"

#define ROUNDS 2000

typedef struct {
	unsigned char has[RCGO_SIGNALS + 1];
} model;

static void
fill_model(model *m)
{
	memset(m, 0, sizeof *m);
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		m->has[sig] = unit_random() % 5 == 0;
	}
}

static go_sigset_t
set_of_model(const model *m)
{
	go_sigset_t set = rcgo__sigset_empty();

	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		if (m->has[sig]) {
			rcgo__sigset_add(&set, sig);
		}
	}
	return set;
}

static void
check_set(go_sigset_t set, const model *want)
{
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		CHECK_INT(rcgo__sigset_has(&set, sig), want->has[sig]);
	}
}

TEST(empty_and_full)
{
	go_sigset_t none = rcgo__sigset_empty(), all = rcgo__sigset_full();

	CHECK(rcgo__sigset_is_empty(none));
	CHECK(!rcgo__sigset_is_empty(all));
	CHECK(rcgo__sigset_equal(rcgo__sigset_range(1, RCGO_SIGNALS), all));
	CHECK(rcgo__sigset_equal(rcgo__sigset_minus(all, all), none));
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		CHECK(!rcgo__sigset_has(&none, sig));
		CHECK(rcgo__sigset_has(&all, sig));
	}
}

TEST(one_signal)
{
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		go_sigset_t set = rcgo__sigset_of(sig);

		for (int other = 1; other <= RCGO_SIGNALS; other++) {
			CHECK_INT(rcgo__sigset_has(&set, other), other == sig);
		}
		CHECK_INT(rcgo__sigset_next(&set, 0), sig);
		CHECK_INT(rcgo__sigset_next(&set, sig - 1), sig);
		CHECK_INT(rcgo__sigset_next(&set, sig), 0);
		CHECK(!rcgo__sigset_is_empty(set));
		rcgo__sigset_remove(&set, sig);
		CHECK(rcgo__sigset_is_empty(set));
	}
}

TEST(algebra)
{
	for (int round = 0; round < ROUNDS; round++) {
		model a, b, both, either, rest;
		go_sigset_t x, y;

		fill_model(&a);
		fill_model(&b);
		for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
			both.has[sig] = a.has[sig] & b.has[sig];
			either.has[sig] = a.has[sig] | b.has[sig];
			rest.has[sig] = a.has[sig] & !b.has[sig];
		}
		x = set_of_model(&a);
		y = set_of_model(&b);
		check_set(rcgo__sigset_intersect(x, y), &both);
		check_set(rcgo__sigset_union(x, y), &either);
		check_set(rcgo__sigset_minus(x, y), &rest);
		CHECK(rcgo__sigset_equal(x, x));
		CHECK_INT(
			rcgo__sigset_equal(x, y), memcmp(a.has + 1, b.has + 1, RCGO_SIGNALS) == 0);
	}
}

TEST(iteration)
{
	for (int round = 0; round < ROUNDS; round++) {
		model want, got = {{0}};
		int last = 0;
		go_sigset_t set;

		fill_model(&want);
		set = set_of_model(&want);
		RCGO_SIGSET_EACH (sig, &set) {
			CHECK(sig > last);
			last = sig;
			got.has[sig] = 1;
		}
		CHECK(memcmp(got.has + 1, want.has + 1, RCGO_SIGNALS) == 0);
	}
}

TEST(bsd_masks)
{
	for (int sig = 1; sig <= 32; sig++) {
		uint32_t mask = (uint32_t)1 << (sig - 1);
		go_sigset_t set = rcgo__sigset_from_bsd(mask);

		CHECK(rcgo__sigset_equal(set, rcgo__sigset_of(sig)));
		CHECK_INT(rcgo__sigset_to_bsd(set), mask);
	}
	CHECK_INT(rcgo__sigset_to_bsd(rcgo__sigset_range(33, RCGO_SIGNALS)), 0);
	CHECK_INT(rcgo__sigset_to_bsd(rcgo__sigset_full()), UINT32_MAX);
}

// Every signal changes the folded number. The first 64 signals are its bits.
TEST(folded)
{
	for (int sig = 1; sig <= RCGO_SIGNALS; sig++) {
		uint64_t folded = rcgo__sigset_fold(rcgo__sigset_of(sig));

		CHECK(folded == UINT64_C(1) << ((sig - 1) % 64));
	}
}

TEST(shared_sets)
{
	go_sigset_t shared = rcgo__sigset_empty();
	model want = {{0}};

	for (int round = 0; round < ROUNDS; round++) {
		int sig = (int)(unit_random() % (unsigned)RCGO_SIGNALS) + 1;
		bool in = unit_random() % 2 == 0;

		rcgo__sigset_atomic_put(&shared, sig, in);
		want.has[sig] = in;
		CHECK_INT(rcgo__sigset_atomic_has(&shared, sig), in);
	}
	check_set(rcgo__sigset_atomic_load(&shared), &want);
	rcgo__sigset_atomic_add(&shared, rcgo__sigset_range(3, RCGO_SIGNALS - 2));
	memset(want.has + 3, 1, (size_t)RCGO_SIGNALS - 4);
	check_set(shared, &want);
}

#define SIGSET_CASES                                                           \
	UNIT_TEST(empty_and_full), UNIT_TEST(one_signal), UNIT_TEST(algebra),  \
		UNIT_TEST(iteration), UNIT_TEST(bsd_masks), UNIT_TEST(folded), \
		UNIT_TEST(shared_sets)

#endif // SIGSET_CASES_H
