// SPDX-License-Identifier: BSD-3-Clause
// Part 3, Traceback Generation: the C half of a mixed stack: collecting program counters of C
// frames (cgoTracebackArg) and naming them (cgoSymbolizerArg), by the functions that the program
// registered with runtime.SetCgoTraceback.
// Re-read runtime/cgo/gcc_traceback.c, runtime/traceback.go and runtime/sys_linux_*.s
// (cgoSigtramp).
//
// State: none of its own; the hooks live in part 1.
//
// Callers and stacks:
//   x_cgo_callers                   cgoSigtramp jumps here on the signal stack, all signals
//                                   blocked, when a signal interrupts C code; it stands in for
//                                   the handler and must end in Go's. It is in runtime/arch, to
//                                   go there by a jump: rcgo__callers_collect does its work
//   x_cgo_call_traceback_function   Go's unwinder, by cgocall, or by asmcgocall while panicking:
//                                   then on the 32 KiB signal stack, perhaps with libc's malloc
//                                   lock held
//   x_cgo_call_symbolizer_function  the same
//
// Safety: everything here runs in signal handlers.
//
// Differences between Go versions: up to 1.25 Go calls traceback and symbolizer itself; only
// x_cgo_callers is called here.
//
// A port must: nothing. Which ports call x_cgo_callers is decided by Go's assembly: linux on
// amd64, arm64, ppc64le, and loong64 from 1.26.
#ifndef RCGO_TRACEBACK_GENERATION_H
#define RCGO_TRACEBACK_GENERATION_H

#include <stdbool.h>

#include "go_entry_points.h"
#include "sanitizer.h"

// Go's signal for preempting a goroutine: it comes up to a hundred times a second, and nobody
// reads the C stack of its moment.
// GO: runtime/signal_unix.go sigPreempt = _SIGURG
// GO: runtime/defs_linux_amd64.go _SIGURG = 0x17
// GO: runtime/defs_linux_arm64.go _SIGURG = 0x17
#define RCGO_SIGPREEMPT 0x17

// What x_cgo_callers does before it goes on to Go's handler: has callers filled by the program's
// traceback function. That one is in runtime/arch, so that it goes on by a jump.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__callers_collect(
	uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback, uintptr_t *callers);

// Has each thread that is in C store its frames where Go's report looks for them, for a report of
// all goroutines. Threads that block SIGURG store none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__callers_gather(void);

// Whether somebody waits for that; and that the calling thread has done it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__callers_wanted(void);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__callers_stored(void);

#endif // RCGO_TRACEBACK_GENERATION_H
