// SPDX-License-Identifier: BSD-3-Clause
// The checker itself, with the known small programs: what C11 allows is found, what it forbids is
// not.

#include "compat.h"
#include "model.h"

static int x, y, plain_data, r1, r2, r3, r4, counted;
static uint32_t word;

static void
start(void)
{
	x = y = plain_data = counted = 0;
	word = 0;
	r1 = r2 = r3 = r4 = -1;
}

static void
publish_relaxed(void)
{
	rcgo_store_rlx(&x, 1);
	rcgo_store_rlx(&y, 1);
}

static void
publish(void)
{
	rcgo_store_rlx(&x, 1);
	rcgo_store_rel(&y, 1);
}

static void
publish_plain(void)
{
	plain_data = 1;
	rcgo_store_rel(&y, 1);
}

static void
publish_by_fence(void)
{
	plain_data = 1;
	__atomic_thread_fence(__ATOMIC_RELEASE);
	rcgo_store_rlx(&y, 1);
}

static void
read_acquire(void)
{
	r1 = rcgo_load_acq(&y);
	r2 = rcgo_load_rlx(&x);
}

static void
read_plain(void)
{
	if (rcgo_load_acq(&y) == 1) {
		MODEL_ASSERT(plain_data == 1);
	}
}

static void
read_plain_relaxed(void)
{
	if (rcgo_load_rlx(&y) == 1) {
		r1 = plain_data;
	}
}

static void
read_plain_by_fence(void)
{
	if (rcgo_load_rlx(&y) == 1) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		MODEL_ASSERT(plain_data == 1);
	}
}

static void
not_reordered(void)
{
	MODEL_ASSERT(!(r1 == 1 && r2 == 0));
}

#define STORE_LOAD(name, a, b, result, store_order, load_order) \
	static void name(void)                                  \
	{                                                       \
		__atomic_store_n(&a, 1, store_order);           \
		result = __atomic_load_n(&b, load_order);       \
	}

STORE_LOAD(sb_x, x, y, r1, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)
STORE_LOAD(sb_y, y, x, r2, __ATOMIC_RELEASE, __ATOMIC_ACQUIRE)
STORE_LOAD(sb_x_sc, x, y, r1, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)
STORE_LOAD(sb_y_sc, y, x, r2, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

static void
sb_x_fence(void)
{
	rcgo_store_rlx(&x, 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r1 = rcgo_load_rlx(&y);
}

static void
sb_y_fence(void)
{
	rcgo_store_rlx(&y, 1);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	r2 = rcgo_load_rlx(&x);
}

static void
one_sees_the_other(void)
{
	MODEL_ASSERT(r1 == 1 || r2 == 1);
}

static void
write_x(void)
{
	rcgo_store_rel(&x, 1);
	rcgo_store_rel(&x, 2);
}

static void
read_x_twice(void)
{
	r1 = rcgo_load_rlx(&x);
	r2 = rcgo_load_rlx(&x);
	MODEL_ASSERT(r2 >= r1);
}

static void
count_badly(void)
{
	rcgo_store_rel(&counted, rcgo_load_acq(&counted) + 1);
}

static void
count(void)
{
	rcgo_add_rlx(&counted, 1);
}

static void
counted_two(void)
{
	MODEL_ASSERT(counted == 2);
}

static void
forward(void)
{
	if (rcgo_load_acq(&x) == 1) {
		rcgo_store_rel(&y, 1);
	}
}

static void
write_only_x(void)
{
	plain_data = 1;
	rcgo_store_rel(&x, 1);
}

static void
wait_for_word(void)
{
	while (rcgo_load_acq(&word) == 0) {
		model_futex_wait(&word, 0);
	}
}

static void
set_and_wake(void)
{
	rcgo_store_rel(&word, 1);
	model_futex_wake(&word, 1);
}

static void
set_only(void)
{
	rcgo_store_rel(&word, 1);
}

static void
wait_by_yield(void)
{
	while (rcgo_load_acq(&word) == 0) {
		model_yield();
	}
}

static void
never_ends(void)
{
	while (rcgo_load_acq(&x) == 0) {
		model_yield();
	}
}

static const struct model_test tests[] = {
	{"message passing", start, not_reordered, {{publish}, {read_acquire}}, 9},
	{"message passing, relaxed", start, not_reordered, {{publish_relaxed}, {read_acquire}}, 9,
		true},
	{"plain data, released", start, NULL, {{publish_plain}, {read_plain}}, 9},
	{"plain data, acquired relaxed", start, NULL, {{publish_plain}, {read_plain_relaxed}}, 9,
		true},
	{"plain data, fences", start, NULL, {{publish_by_fence}, {read_plain_by_fence}}, 9},
	{"plain data, no fence", start, NULL, {{publish_by_fence}, {read_plain_relaxed}}, 9, true},
	{"store buffering", start, one_sees_the_other, {{sb_x}, {sb_y}}, 9, true},
	{"store buffering, sequential", start, one_sees_the_other, {{sb_x_sc}, {sb_y_sc}}, 9},
	{"store buffering, fences", start, one_sees_the_other, {{sb_x_fence}, {sb_y_fence}}, 9},
	{"coherence of reads", start, NULL, {{write_x}, {read_x_twice}}, 9},
	{"counter", start, counted_two, {{count}, {count}}, 9},
	{"counter, load and store", start, counted_two, {{count_badly}, {count_badly}}, 9, true},
	{"counter, interrupted", start, counted_two, {{count_badly, count}}, 9, true},
	{"three threads pass a message", start, NULL, {{write_only_x}, {forward}, {read_plain}}, 9},
	{"futex", start, NULL, {{wait_for_word}, {set_and_wake}}, 9},
	{"futex without a wake", start, NULL, {{wait_for_word}, {set_only}}, 9, true},
	{"waiting by yields", start, NULL, {{wait_by_yield}, {set_only}}, 9},
	{"endless wait", start, NULL, {{never_ends}}, 9, true},
};

MODEL_MAIN(tests)
