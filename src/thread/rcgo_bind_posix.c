// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: a thread of C keeps its M by a pthread key, whose destructor gives the M back
// when the thread ends. Runs on g0; the destructor on the dying thread's own stack.
// Re-read runtime/cgo/gcc_libinit.c (gcc_libinit_unix.c from 1.27).

//go:build unix

#include <pthread.h>

#include "rcgo_edge.h"
#include "rcgo_fork.h"
#include "rcgo_thread.h"

// owner: rcgo__bind_init; lock: none; ordering: as x_cgo_pthread_key_created
static pthread_key_t bound_g;

// A bound thread ends: tells Go to take its M back. g is the M's extra g, which Go needs here for
// libc may have cleared Go's own thread-local word.
// Indirect: Go's crosscall2, on the dying thread's own stack.
static void
unbind(void *g)
{
	// In a forked child Go's list of Ms may be locked by a thread that is not there.
	if (x_crosscall2_ptr != NULL && !rcgo__forked()) {
		x_crosscall2_ptr(NULL, g, 0, 0);
	}
}

void
rcgo__bind_init(void)
{
	// Tried as Go starts, while keys are plenty, and once more when Go is up.
	if (x_cgo_pthread_key_created == 0 && pthread_key_create(&bound_g, unbind) == 0) {
		x_cgo_pthread_key_created = 1;
	}
}

void
rcgo__bind(void *g)
{
	// This fails only when libc has no memory for a key beyond its first 32 (glibc). The M then
	// is not given back when the thread ends: a leak, while ending the process would lose all.
	pthread_setspecific(bound_g, g);
}
