// SPDX-License-Identifier: BSD-3-Clause
// Thread Management, the edge: a thread of C keeps the M that its first call into Go took, and
// gives it back when it ends (golang/go#51676). Runs on g0, and in the key's destructor on the
// dying thread's stack. Re-read runtime/proc.go (needAndBindM) and runtime/cgo/asm_*.s.

//go:build unix

#include <pthread.h>
#include <stddef.h>

#include "rcgo_edge.h"
#include "rcgo_fork.h"
#include "rcgo_thread.h"

// owner: rcgo__bind_init; lock: none, it runs before threads of C can enter; ordering: the init
// latch, which every thread of C passes before it reads
uintptr_t x_cgo_pthread_key_created;

// owner: Go (set_crosscall2), as it starts; lock: none; ordering: the init latch
void (*x_crosscall2_ptr)(void (*)(void *), void *, int, size_t);

// owner: rcgo__bind_init; lock: none; ordering: as x_cgo_pthread_key_created
static pthread_key_t bound_g;

// A thread that is bound ends: tells Go to take its M back. g is the M's extra g, which Go needs
// here for libc may have cleared Go's own thread-local word.
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
x_cgo_bindm(void *g)
{
	// This fails only when libc has no memory for a key beyond its first 32 (glibc). The M then
	// is not given back when the thread ends: a leak, while ending the process would lose all.
	pthread_setspecific(bound_g, g);
}
