// SPDX-License-Identifier: BSD-3-Clause
// Benchmark: the clock of the benchmarks in C.
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <time.h>

// Returns monotonic time in microseconds.
static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

#endif // BENCH_CLOCK_H
