// SPDX-License-Identifier: BSD-3-Clause
// ABI entry point: a foreign thread keeps the M that its first call into Go took
// (golang/go#51676). Runs on g0. Re-read runtime/proc.go (needAndBindM), runtime/cgo/asm_*.s.

//go:build unix

#include "go_entry_points.h"
#include "signal_handling.h"
#include "thread_management.h"

// owner: rcgo__m_binding_init; lock: none, it runs before foreign threads can enter; ordering:
// the init barrier, which every foreign thread passes before Go reads it
uintptr_t x_cgo_pthread_key_created;

// owner: Go (set_crosscall2), as it starts; lock: none; ordering: the init barrier
void (*x_crosscall2_ptr)(void (*)(void *), void *, int, size_t);

void
x_cgo_bindm(void *g)
{
	rcgo__m_bind(g);
	rcgo__signal_rescan_ratelimited(true);
}
