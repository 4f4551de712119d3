// SPDX-License-Identifier: BSD-3-Clause
// C functions for the tests of package leaf, good leaves and bad ones.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "leaftest.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "_cgo_export.h"

int
leaftest_nothing(void)
{
	return 0;
}

long
leaftest_add(long a, long b)
{
	return a + b;
}

long
leaftest_six(long a, long b, long c, long d, long e, long f)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}

double
leaftest_fma(double a, double b, double c)
{
	return a * b + c;
}

double
leaftest_eight(double a, double b, double c, double d, double e, double f, double g, double h)
{
	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f + 1e6 * g + 1e7 * h;
}

double
leaftest_mixed(int i, double a, long j, float b, const char *s)
{
	return i + a * 10 + (double)j * 100 + (double)b * 1000 + (double)strlen(s) * 10000;
}

float
leaftest_half(float a)
{
	return a / 2;
}

int32_t
leaftest_negative(int32_t a)
{
	return -a;
}

int8_t
leaftest_small(int a)
{
	return (int8_t)a;
}

_Bool
leaftest_is(int a)
{
	return a != 0;
}

int
leaftest_fails(int err)
{
	errno = err;
	return err == 0 ? 7 : -1;
}

double
leaftest_fails_double(double a, int err)
{
	errno = err;
	return a * 2;
}

void
leaftest_fails_only(int err)
{
	errno = err;
}

size_t
leaftest_sum(const unsigned char *at, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += at[i];
	}
	return sum;
}

void
leaftest_store(int *p)
{
	*p = 1;
}

// Needs more stack than a goroutine has.
uintptr_t
leaftest_deep(size_t n)
{
	unsigned char room[100000];

	memset(room, (int)n, sizeof room);
	return leaftest_sum(room, sizeof room);
}

long
leaftest_spin(long rounds)
{
	long x = 1;

	for (long i = 0; i < rounds; i++) {
		__asm__ __volatile__("" : "+r"(x));
		x = x * 3 + i;
	}
	return x;
}

void
leaftest_sleep(long ns)
{
	struct timespec t = {0, ns};

	nanosleep(&t, NULL);
}

void
leaftest_call_go(void)
{
	leaftestGo();
}

void
leaftest_callback(long n, uintptr_t f)
{
	leaftestCallback(n, f);
}

uintptr_t
leaftest_sp(void)
{
	return (uintptr_t)__builtin_frame_address(0);
}

void *
leaftest_same(void *p)
{
	return p;
}

void *
leaftest_same_errno(void *p, int err)
{
	errno = err;
	return p;
}

size_t
leaftest_collects(const int *a, const int *b, double x, size_t n, const int *c)
{
	leaftestCollect();
	return x > 0 ? (size_t)(*a + *b + *c) + n : 0;
}

size_t
leaftest_collects_two(const int *a, size_t n)
{
	leaftestCollect();
	return (size_t)*a + n;
}
