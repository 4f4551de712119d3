// SPDX-License-Identifier: BSD-3-Clause
// Calls of C functions by address, for package leaf: plain, with errno, and watched.
// On the system stack, from Go's assembly or from an ordinary cgo call.
#include "leafcall.h"

#include <errno.h>
#include <string.h>

// Every argument register is filled; a function takes those that it knows.
#define INTS uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t
#define FLOATS double, double, double, double, double, double, double, double
#define INTS_OF(a) a[0], a[1], a[2], a[3], a[4], a[5]
#define FLOATS_OF(d) d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]

typedef uintptr_t (*integer_fn)(INTS, FLOATS);
typedef double (*double_fn)(INTS, FLOATS);
typedef float (*float_fn)(INTS, FLOATS);

void
rcgo_leaf_run(struct leaf_call *c)
{
	float f;

	errno = 0;
	switch ((enum leaf_result)c->kind) {
	case LEAF_DOUBLE:
		c->fresult = ((double_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));
		break;
	case LEAF_FLOAT:
		f = ((float_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));
		memcpy(&c->fresult, &f, sizeof f);
		break;
	case LEAF_NOTHING:
	case LEAF_INTEGER:
		c->result = ((integer_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));
		break;
	}
	c->err = errno;
}

// The trampolines of calls that want errno. The entries in assembly pass on the registers as they
// came, and beyond them the function and where errno goes.
#define TRAMPOLINE(result, name, type)                                                             \
	static result name(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e,        \
		uintptr_t f, double p, double q, double r, double s, double t, double u, double v, \
		double w, type fn, int *err)                                                       \
	{                                                                                          \
		result value;                                                                      \
		errno = 0;                                                                         \
		value = fn(a, b, c, d, e, f, p, q, r, s, t, u, v, w);                              \
		*err = errno;                                                                      \
		return value;                                                                      \
	}

TRAMPOLINE(uintptr_t, errno_integer, integer_fn)
TRAMPOLINE(double, errno_double, double_fn)
TRAMPOLINE(float, errno_float, float_fn)

// Tells in one number which register held what, for the first call of all.
static uintptr_t
echo(uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e, uintptr_t f, double p,
	double q, double r, double s, double t, double u, double v, double w)
{
	double places = p + 10 * q + 100 * r + 1000 * s + 10000 * t + 100000 * u + 1000000 * v +
			10000000 * w;

	return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f +
	       (uintptr_t)places * 1000000;
}

void *
rcgo_leaf_function(int which)
{
	switch (which) {
	case LEAF_ECHO:
		return (void *)echo;
	case LEAF_RUN:
		return (void *)rcgo_leaf_run;
	case LEAF_DOUBLE:
		return (void *)errno_double;
	case LEAF_FLOAT:
		return (void *)errno_float;
	default:
		return (void *)errno_integer;
	}
}
