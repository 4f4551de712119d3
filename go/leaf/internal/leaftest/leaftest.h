// SPDX-License-Identifier: BSD-3-Clause
// C functions for the tests of package leaf, good leaves and bad ones.
#ifndef RCGO_LEAFTEST_H
#define RCGO_LEAFTEST_H

#include <stddef.h>
#include <stdint.h>

int leaftest_nothing(void);
long leaftest_add(long a, long b);
long leaftest_six(long a, long b, long c, long d, long e, long f);
double leaftest_fma(double a, double b, double c);
double leaftest_eight(
	double a, double b, double c, double d, double e, double f, double g, double h);
double leaftest_mixed(int i, double a, long j, float b, const char *s);
float leaftest_half(float a);
int32_t leaftest_negative(int32_t a);
int8_t leaftest_small(int a);
_Bool leaftest_is(int a);
int leaftest_fails(int err);
double leaftest_fails_double(double a, int err);
void leaftest_fails_only(int err);
size_t leaftest_sum(const unsigned char *at, size_t n);
void leaftest_store(int *p);
uintptr_t leaftest_deep(size_t n);
long leaftest_spin(long rounds);
void leaftest_sleep(long ns);
void leaftest_call_go(void);
void leaftest_callback(long n, uintptr_t f);
uintptr_t leaftest_sp(void);
void *leaftest_same(void *p);
void *leaftest_same_errno(void *p, int err);
// These call Go, which collects, before they look at what they got.
size_t leaftest_collects(const int *a, const int *b, double x, size_t n, const int *c);
size_t leaftest_collects_two(const int *a, size_t n);
void leaftest_traceback(void *arg);
void leaftest_symbolize(void *arg);

#endif
