// SPDX-License-Identifier: BSD-3-Clause

// Package callbacktest has C functions that call back, for the tests of package leaf.
package callbacktest

/*
#cgo CFLAGS: -I${SRCDIR}/../../../include
#cgo LDFLAGS: -lpthread
#include "rcgo_leaf.h"
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

typedef uintptr_t (*fn2)(uintptr_t, uintptr_t);

static uintptr_t
repeat(fn2 fn, uintptr_t n, uintptr_t arg)
{
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < n; i++) {
		sum += fn(i, arg);
	}
	return sum;
}

static uintptr_t plus(uintptr_t a, uintptr_t b) { return a + b; }

// Keeps values in every register that C keeps across a call.
static uintptr_t
busy(fn2 fn, uintptr_t n)
{
	uintptr_t a = n + 1, b = n + 2, c = n + 3, d = n + 4, e = n + 5, f = n + 6, g = n + 7, h = n + 8;
	double x = n + 0.5, y = n + 0.25;

	for (uintptr_t i = 0; i < n; i++) {
		a += fn(i, b);
		b += c ^ i;
		c += d;
		d += e;
		e += f;
		f += g;
		g += h;
		h += a;
		x += y;
		y += 1;
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ (uintptr_t)(x + y);
}

typedef double (*many_fn)(int8_t, double, uint16_t, float, _Bool, void *, double, int32_t, uint64_t);

static double
many(many_fn fn, void *p)
{
	return fn(-1, 2.5, 65535, 3.5f, 1, p, 4.5, -6, 7);
}

typedef float (*float_fn)(float);
static float call_float(float_fn fn, float x) { return fn(x) + 1; }

typedef void (*void_fn)(void);
static void call_void(void_fn fn) { fn(); }

struct on_thread { fn2 fn; uintptr_t n, sum; };
static void *thread_main(void *p)
{
	struct on_thread *t = p;
	t->sum = repeat(t->fn, t->n, 1);
	return NULL;
}

// Calls back from another thread, while this one waits: not for a leaf.
static uintptr_t
on_thread(fn2 fn, uintptr_t n)
{
	struct on_thread t = { fn, n, 0 };
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, &t) != 0) {
		return 0;
	}
	pthread_join(thread, NULL);
	return t.sum;
}

static double
floats(double a, double b, fn2 fn, double c)
{
	return a + 10 * b + 100 * c + fn(1, 2);
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

// Breaks the rule on locks.
static uintptr_t
locked(fn2 fn, uintptr_t n)
{
	pthread_mutex_lock(&mutex);
	uintptr_t sum = repeat(fn, n, 1);
	pthread_mutex_unlock(&mutex);
	return sum;
}

// Breaks the rule on stretches between callbacks.
static uintptr_t
slow(fn2 fn, uintptr_t n)
{
	volatile uintptr_t x = 0;

	fn(1, 2);
	while (x < n) {
		x++;
	}
	return fn(3, 4);
}

// Regions: between two callbacks, around one, and one within another. Registers must be kept.
static uintptr_t
regions(fn2 fn, uintptr_t n, uintptr_t microseconds)
{
	uintptr_t a = n + 1, b = n + 2, c = n + 3, d = n + 4, e = n + 5, sum = 0, count = 0;

	for (uintptr_t i = 0; i < n; i++) {
		int released = rcgo_release(), again;

		count += released != 0;
		if (microseconds != 0) {
			usleep(microseconds);
		}
		again = rcgo_release();
		if (i % 2 != 0) {
			sum += fn(i, 1);
		}
		rcgo_acquire(again);
		rcgo_acquire(released);
		if (i % 2 == 0) {
			sum += fn(i, 1);
		}
		a += b; b += c; c += d; d += e; e += a ^ i;
	}
	if ((a ^ b ^ c ^ d ^ e) == 1) {
		return 0;
	}
	return sum | count << 32;
}

static uintptr_t
regions_only(uintptr_t n)
{
	uintptr_t count = 0;

	for (uintptr_t i = 0; i < n; i++) {
		int released = rcgo_release();
		rcgo_acquire(released);
		count += released != 0;
	}
	return count;
}

// fn is an exported Go function: in a region, and after it.
static uintptr_t
exports_in_region(fn2 fn, uintptr_t n)
{
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < n; i++) {
		int released = rcgo_release();

		sum += fn(i, 1);
		rcgo_acquire(released);
		sum += fn(i, 1);
	}
	return sum;
}

// A callback in a region, whose panic leaves it.
static void in_region(void_fn fn) { int r = rcgo_release(); fn(); rcgo_acquire(r); }

// What many goroutines do at a time: callbacks with a lock that all wait for.
static uintptr_t shared_work;
static uintptr_t
with_mutex(fn2 fn, uintptr_t n)
{
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < n; i++) {
		rcgo_mutex_lock(&mutex);
		sum += fn(i, ++shared_work);
		pthread_mutex_unlock(&mutex);
	}
	return sum;
}

static uintptr_t
with_plain_mutex(fn2 fn, uintptr_t n)
{
	uintptr_t sum = 0;

	for (uintptr_t i = 0; i < n; i++) {
		pthread_mutex_lock(&mutex);
		sum += fn(i, ++shared_work);
		pthread_mutex_unlock(&mutex);
	}
	return sum;
}

// Calls back on a stack of its own.
static ucontext_t on_first, on_second;
static void_fn on_second_fn;
static void second_main(void) { on_second_fn(); }
static void
on_other_stack(void_fn fn)
{
	static char stack[65536];

	on_second_fn = fn;
	getcontext(&on_second);
	on_second.uc_stack.ss_sp = stack;
	on_second.uc_stack.ss_size = sizeof stack;
	on_second.uc_link = &on_first;
	makecontext(&on_second, second_main, 0);
	swapcontext(&on_first, &on_second);
}

static void *pass(void *p, void_fn fn) { fn(); return p; }

typedef int (*cmp_fn)(const void *, const void *, void *);
extern void qsort_r(void *, size_t, size_t, cmp_fn, void *);
static void sort(void *p, size_t n, size_t size, cmp_fn fn, void *arg) { qsort_r(p, n, size, fn, arg); }

static uintptr_t ordinary_repeat(void *fn, uintptr_t n, uintptr_t arg) { return repeat((fn2)fn, n, arg); }

extern uintptr_t rcgo_callbacktest_export(uintptr_t, uintptr_t);
static void *export_fn(void) { return rcgo_callbacktest_export; }
static void collect(void) { rcgo_callbacktest_export(0, 0); }

#define F(name) static void *fn_##name(void) { return name; }
F(repeat) F(plus) F(busy) F(many) F(call_float) F(call_void) F(on_thread) F(floats) F(pass) F(sort) F(locked) F(slow)
F(regions) F(regions_only) F(collect) F(on_other_stack) F(exports_in_region) F(in_region) F(with_mutex) F(with_plain_mutex)
*/
import "C"

import "unsafe"

// The C functions.
var (
	Repeat    = C.fn_repeat()
	Plus      = C.fn_plus()
	Busy      = C.fn_busy()
	Many      = C.fn_many()
	CallFloat = C.fn_call_float()
	CallVoid  = C.fn_call_void()
	OnThread  = C.fn_on_thread()
	Floats    = C.fn_floats()
	Pass      = C.fn_pass()
	Sort      = C.fn_sort()
	Locked    = C.fn_locked()
	Slow      = C.fn_slow()
	Export    = C.export_fn()
	// ExportVoid calls Export with zeros.
	ExportVoid = C.fn_collect()

	OnOtherStack    = C.fn_on_other_stack()
	Regions         = C.fn_regions()
	RegionsOnly     = C.fn_regions_only()
	InRegion        = C.fn_in_region()
	ExportsInRegion = C.fn_exports_in_region()
	WithMutex       = C.fn_with_mutex()
	WithPlainMutex  = C.fn_with_plain_mutex()
)

// RepeatOrdinary is Repeat by an ordinary cgo call.
func RepeatOrdinary(fn unsafe.Pointer, n, arg uintptr) uintptr {
	return uintptr(C.ordinary_repeat(fn, C.uintptr_t(n), C.uintptr_t(arg)))
}

// OnExport is what the exported function Export does.
var OnExport = func(a, b uintptr) uintptr { return a + b }

//export rcgo_callbacktest_export
func rcgo_callbacktest_export(a, b C.uintptr_t) C.uintptr_t {
	return C.uintptr_t(OnExport(uintptr(a), uintptr(b)))
}
