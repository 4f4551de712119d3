// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: a stand-in for the Go side. See go_standin.h.

#include "go_standin.h"

#include <pthread.h>
#include <string.h>

#include "unit.h"

G standin_g0;
unsigned standin_setg_calls;
struct standin_crosscall2 standin_crosscall2;

static __thread void *current_g;
// Whether the calling C thread has an M bound to it.
static __thread bool bound;

void
standin_setg(void *g)
{
	current_g = g;
	__atomic_fetch_add(&standin_setg_calls, 1, __ATOMIC_RELEASE);
}

G *
standin_getg(void)
{
	return current_g;
}

static void
crosscall2(void (*fn)(void *), void *arg, int n, size_t context)
{
	__atomic_store_n(&standin_crosscall2.fn, fn, __ATOMIC_RELAXED);
	__atomic_store_n(&standin_crosscall2.arg, arg, __ATOMIC_RELAXED);
	__atomic_store_n(&standin_crosscall2.n, n, __ATOMIC_RELAXED);
	__atomic_store_n(&standin_crosscall2.context, context, __ATOMIC_RELAXED);
	__atomic_fetch_add(&standin_crosscall2.calls, 1, __ATOMIC_RELEASE);
}

void
standin_rt0(void)
{
	// Until Go knows the bounds, it uses 64 KiB below its frame for g0.
	standin_g0.stackhi = (uintptr_t)__builtin_frame_address(0);
	standin_g0.stacklo = standin_g0.stackhi - 64 * 1024 + 104;
	x_cgo_init(&standin_g0, standin_setg, NULL, NULL);
	standin_setg(&standin_g0);
}

static unsigned library_up;

static void *
library_thread(void *arg)
{
	CHECK(arg == NULL);
	standin_rt0();
	__atomic_fetch_add(&library_up, 1, __ATOMIC_RELEASE);
	return NULL;
}

void
standin_library_load(void)
{
	x_cgo_sys_thread_create(library_thread);
	unit_await(&library_up, 1);
}

void
standin_main(bool has_crosscall2)
{
	if (has_crosscall2) {
		x_crosscall2_ptr = crosscall2;
	}
	x_cgo_notify_runtime_init_done(NULL);
}

void
standin_start(void)
{
	standin_rt0();
	standin_main(true);
}

__attribute__((noinline)) static void
overwrite_stack(void)
{
	unsigned char junk[4096];

	memset(junk, 0xa5, sizeof junk);
	__asm__ volatile("" : : "r"(junk) : "memory");
}

__attribute__((noinline)) static void
newm_frame(G *g, void (*fn)(void))
{
	uintptr_t tls[2] = {0, 0};
	ThreadStart ts = {.g = g, .tls = tls, .fn = fn};

	x_cgo_thread_start(&ts);
	memset(&ts, 0xa5, sizeof ts);
	__asm__ volatile("" : : "r"(&ts) : "memory");
}

void
standin_newm(G *g, void (*fn)(void))
{
	newm_frame(g, fn);
	overwrite_stack();
}

uintptr_t
standin_export(void (*body)(void *), void *arg)
{
	uintptr_t context = _cgo_wait_runtime_init_done();
	uintptr_t bounds[2] = {1, 1};

	if (!bound && x_cgo_pthread_key_created != 0) {
		x_cgo_getstackbound(bounds);
		CHECK(bounds[0] <= bounds[1]);
		x_cgo_bindm(&current_g);
		bound = true;
	}
	if (body != NULL) {
		body(arg);
	}
	_cgo_release_context(context);
	return context;
}
