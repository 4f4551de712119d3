// SPDX-License-Identifier: BSD-3-Clause
// Arch: division where the CPU may have no instruction for it (runtime/arch/gcc_rcgo_arm.S).
// Elsewhere the tests hold for the compiler's own.

#include <stdint.h>

#include "unit.h"

static const uint64_t samples[] = {0, 1, 2, 3, 7, 10, 255, 1000, 65535, 65536, 99999, 0x7fffffff,
	0x80000000, 0x80000001, 0xfffffffe, 0xffffffff, 0x100000000, 0x123456789abcdef,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xfffffffffffffffe,
	0xffffffffffffffff};

// The quotient and the remainder are right if these hold, which need no division.
static void
check_unsigned(uint64_t dividend, uint64_t divisor, uint64_t quotient, uint64_t rest)
{
	CHECK_INT(quotient * divisor + rest, dividend);
	CHECK(rest < divisor);
}

static uint64_t
magnitude(int64_t n)
{
	return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

static void
check_signed(int64_t dividend, int64_t divisor, int64_t quotient, int64_t rest)
{
	CHECK_INT((uint64_t)quotient * (uint64_t)divisor + (uint64_t)rest, (uint64_t)dividend);
	CHECK(rest == 0 || (rest < 0) == (dividend < 0));
	CHECK(magnitude(rest) < magnitude(divisor));
}

TEST(unsigned_numbers)
{
	for (unsigned i = 0; i < UNIT_COUNTOF(samples); i++) {
		for (unsigned k = 1; k < UNIT_COUNTOF(samples); k++) {
			volatile uint64_t a = samples[i], b = samples[k];
			volatile uint32_t c = (uint32_t)a, d = (uint32_t)b;

			check_unsigned(a, b, a / b, a % b);
			if (d != 0) {
				check_unsigned(c, d, c / d, c % d);
			}
		}
	}
}

// The one quotient that does not fit is left out.
TEST(signed_numbers)
{
	for (unsigned i = 0; i < UNIT_COUNTOF(samples); i++) {
		for (unsigned k = 1; k < UNIT_COUNTOF(samples); k++) {
			volatile int64_t a = (int64_t)samples[i], b = (int64_t)samples[k];
			volatile int32_t c = (int32_t)a, d = (int32_t)b;

			if (a != INT64_MIN || b != -1) {
				check_signed(a, b, a / b, a % b);
			}
			if (d != 0 && (c != INT32_MIN || d != -1)) {
				check_signed(c, d, c / d, c % d);
			}
		}
	}
}

UNIT_MAIN(UNIT_TEST(unsigned_numbers), UNIT_TEST(signed_numbers))
