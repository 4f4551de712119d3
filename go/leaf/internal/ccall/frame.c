// SPDX-License-Identifier: BSD-3-Clause
// Calls whose arguments and results are in a frame on the goroutine's stack, as those of cgo are.
// On the system stack, from an ordinary cgo call.
#include "leafcall.h"

#include <errno.h>
#include <string.h>

#define INTS uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t
#define FLOATS double, double, double, double, double, double, double, double
#define INTS_OF(a) a[0], a[1], a[2], a[3], a[4], a[5]
#define FLOATS_OF(d) d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]

typedef uintptr_t (*two_fn)(uintptr_t, uintptr_t);
typedef uintptr_t (*six_fn)(INTS);
typedef double (*three_doubles_fn)(double, double, double);
typedef uintptr_t (*integer_fn)(INTS, FLOATS);
typedef double (*double_fn)(INTS, FLOATS);
typedef float (*float_fn)(INTS, FLOATS);

// GO: runtime/asm_amd64.s, which gives the upper end of the goroutine's stack.
char *_cgo_topofstack(void);

// A function that called Go may have made the stack grow, and so move: where the frame is now.
static struct leaf_call *
moved(struct leaf_call *c, const char *top)
{
	return (struct leaf_call *)(void *)((char *)c + (_cgo_topofstack() - top));
}

static void
frame_two(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	uintptr_t r = ((two_fn)c->fn)(c->ints[0], c->ints[1]);

	moved(c, top)->result = r;
}

static void
frame_six(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	uintptr_t r = ((six_fn)c->fn)(INTS_OF(c->ints));

	moved(c, top)->result = r;
}

static void
frame_three_doubles(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	double r = ((three_doubles_fn)c->fn)(c->floats[0], c->floats[1], c->floats[2]);

	moved(c, top)->fresult = r;
}

static void
frame_any_integer(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	uintptr_t r = ((integer_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));

	moved(c, top)->result = r;
}

static void
frame_any_double(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	double r = ((double_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));

	moved(c, top)->fresult = r;
}

static void
frame_any_float(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	float r = ((float_fn)c->fn)(INTS_OF(c->ints), FLOATS_OF(c->floats));

	memcpy(&moved(c, top)->fresult, &r, sizeof r);
}

static void
frame_six_errno(struct leaf_call *c)
{
	const char *top = _cgo_topofstack();
	enum leaf_result kind = (enum leaf_result)c->kind;
	uintptr_t r;
	int err;

	errno = 0;
	r = ((six_fn)c->fn)(INTS_OF(c->ints));
	err = errno;
	c = moved(c, top);
	c->result = kind == LEAF_INTEGER ? r : (uintptr_t)err;
	c->err = err;
}

static void
frame_any_errno(struct leaf_call *on_stack)
{
	const char *top = _cgo_topofstack();
	struct leaf_call c = *on_stack, *to;

	rcgo_leaf_run(&c);
	to = moved(on_stack, top);
	to->result = c.kind == LEAF_INTEGER ? c.result : (uintptr_t)c.err;
	to->fresult = c.fresult;
	to->err = c.err;
}

void *
rcgo_leaf_frame_function(enum leaf_frame which)
{
	static void (*const functions[])(struct leaf_call *) = {
		[LEAF_TWO] = frame_two,
		[LEAF_SIX] = frame_six,
		[LEAF_THREE_DOUBLES] = frame_three_doubles,
		[LEAF_ANY_INTEGER] = frame_any_integer,
		[LEAF_ANY_DOUBLE] = frame_any_double,
		[LEAF_ANY_FLOAT] = frame_any_float,
		[LEAF_SIX_ERRNO] = frame_six_errno,
		[LEAF_ANY_ERRNO] = frame_any_errno,
	};

	return (void *)functions[which];
}
