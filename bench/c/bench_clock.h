// SPDX-License-Identifier: BSD-3-Clause
// Bench: the clock of the benchmarks in C.
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

// Microseconds.
static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

#endif // BENCH_CLOCK_H
