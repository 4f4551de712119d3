// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: slots of threads, the numbers of Poisson sampling, and locks. Runs wherever C
// code allocates, in signal handlers too.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of system calls
#endif
#include <limits.h>
#include <string.h>
#include <time.h>

#include "heap_control.h"
#include "raw_syscall.h"

#define PROBES 16
#define EPOCH_SHIFT 48

#define LN2 0.693147180559945309417
#define SQRT2 1.41421356237309504880

// Returns the logarithm of a number in (0, 1]. libm may not be linked. The series of atanh has an
// error below 1e-12 in the range to which the argument is reduced.
static double
ln(double x)
{
	uint64_t bits;
	double m, s, s2, sum = 0;
	int e;

	memcpy(&bits, &x, sizeof bits);
	e = (int)(bits >> 52) - 1023;
	bits = (bits & 0x000fffffffffffffu) | 0x3ff0000000000000u;
	memcpy(&m, &bits, sizeof m);
	if (m > SQRT2) {
		m /= 2;
		e++;
	}
	s = (m - 1) / (m + 1);
	s2 = s * s;
	for (int k = 13; k >= 3; k -= 2) {
		sum = s2 * (1.0 / k + sum);
	}
	return e * LN2 + 2 * s * (1 + sum);
}

// Returns 1 - e^-x for x >= 0.
static double
one_minus_exp(double x)
{
	double sum = 0, term = 1, power;
	uint64_t bits;
	int k;

	if (x > 40) {
		return 1;
	}
	k = (int)(x / LN2);
	x -= k * LN2;
	for (int i = 1; i < 20; i++) {
		term *= x / i;
		sum += (i & 1) != 0 ? term : -term;
	}
	bits = (uint64_t)(1023 - k) << 52;
	memcpy(&power, &bits, sizeof power);
	return k == 0 ? sum : 1 - power * (1 - sum);
}

double
rcgo__heap_probability(uint64_t size, uint64_t rate)
{
	return rate <= 1 ? 1 : one_minus_exp((double)rcgo__heap_counted(size) / (double)rate);
}

double
rcgo__heap_random(struct rcgo_heap_slot *slot)
{
	uint64_t x = rcgo_load_rlx(&slot->random);

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	rcgo_store_rlx(&slot->random, x);
	return (double)(x * RCGO_HEAP_MIX >> 11) / 9007199254740992.0;
}

void
rcgo__heap_draw(struct rcgo_heap_control *control, struct rcgo_heap_slot *slot)
{
	uint64_t rate = rcgo_load_rlx(&control->rate);

	rcgo_store_rlx(&slot->countdown,
		rate <= 1 ? 0 : (uint64_t)(-ln(1 - rcgo__heap_random(slot)) * (double)rate));
}

static struct rcgo_heap_slot *
slot_at(struct rcgo_heap_control *control, uint64_t thread, unsigned probe)
{
	uint64_t home = (uint64_t)(rcgo__heap_first_slot(control, thread) - control->slot);

	return &control->slot[(home + probe) % RCGO_HEAP_SLOTS];
}

// Claims a slot for the calling thread, unless another thread has claimed it since.
static bool
slot_take(
	struct rcgo_heap_control *control, struct rcgo_heap_slot *slot, uint64_t was, uint64_t key)
{
	if (!rcgo_cas(&slot->owner, &was, key)) {
		return false;
	}
	// The generator needs a state other than 0.
	rcgo_store_rlx(&slot->random,
		((key ^ rcgo_add_rlx(&control->seed, RCGO_HEAP_MIX)) * RCGO_HEAP_MIX) | 1);
	rcgo__heap_random(slot);
	rcgo__heap_random(slot);
	rcgo__heap_draw(control, slot);
	return true;
}

// A slot is free if it has no owner, or if its owner has not allocated since the rate was set. If
// no slot is free, the thread takes that of another thread, whose countdown is then drawn again. A
// new value is correct, because the exponential distribution is memoryless.
struct rcgo_heap_slot *
rcgo__heap_slot_claim(struct rcgo_heap_control *control, uint64_t epoch)
{
	uint64_t thread = rcgo__heap_thread(), key = thread ^ epoch;
	struct rcgo_heap_slot *slot;

	for (unsigned i = 0; i < PROBES; i++) {
		slot = slot_at(control, thread, i);
		if (rcgo_load_rlx(&slot->owner) == key) {
			return slot;
		}
	}
	for (unsigned i = 0; i < PROBES; i++) {
		uint64_t owner;

		slot = slot_at(control, thread, i);
		owner = rcgo_load_rlx(&slot->owner);
		if ((owner ^ epoch) >> EPOCH_SHIFT != 0 && rcgo_load_rlx(&slot->busy) == 0 &&
			slot_take(control, slot, owner, key)) {
			return slot;
		}
	}
	slot = slot_at(control, thread, (unsigned)(control->seed % PROBES));
	if (rcgo_load_rlx(&slot->busy) == 0) {
		slot_take(control, slot, rcgo_load_rlx(&slot->owner), key);
	}
	return slot;
}

// The number of attempts to take a lock before the thread yields, and the number of yields.
#define SPINS 100
#define NAPS 500

bool
rcgo__heap_lock(uint32_t *lock)
{
	const struct timespec nap = {.tv_nsec = 100 * 1000};

	for (unsigned tries = 0; tries < SPINS + NAPS; tries++) {
		uint32_t now = rcgo_load_rlx(lock);

		if ((now & 1) == 0 && rcgo_cas(lock, &now, now + 1)) {
			return true;
		}
		if (tries >= SPINS) {
			rcgo__raw_syscall(SYS_nanosleep, (long)&nap, 0, 0, 0, 0, 0);
		}
	}
	return false;
}

void
rcgo__heap_unlock(uint32_t *lock)
{
	rcgo_store_rel(lock, rcgo_load_rlx(lock) + 1);
}
