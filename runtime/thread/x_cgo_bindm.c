// SPDX-License-Identifier: BSD-3-Clause
// ABI entry point: a foreign thread keeps the M that its first call into Go took
// (golang/go#51676). Runs on g0. Re-read runtime/proc.go (needAndBindM), runtime/cgo/asm_*.s.

//go:build unix

#include "go_entry_points.h"
#include "signal_handling.h"
#include "thread_management.h"

void
x_cgo_bindm(void *g)
{
	rcgo__m_bind(g);
	rcgo__signal_rescan_ratelimited(true);
}
