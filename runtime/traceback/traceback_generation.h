// SPDX-License-Identifier: BSD-3-Clause
// Part 3, Traceback Generation: the C part of a stack that has Go and C frames. It collects the
// program counters of C frames (cgoTracebackArg) and names them (cgoSymbolizerArg), by the
// functions that the program registers with runtime.SetCgoTraceback. Re-read
// runtime/cgo/gcc_traceback.c, runtime/traceback.go and runtime/sys_linux_*.s (cgoSigtramp).
//
// State: none; the registered hooks are state of part 1.
//
// Callers and stacks:
//   x_cgo_callers                   cgoSigtramp jumps to it on the signal stack, with all signals
//                                   blocked, when a signal interrupts C code. It takes the place
//                                   of the handler and must end in Go's handler. It is in
//                                   runtime/arch, so that it continues by a jump;
//                                   rcgo__callers_collect does its work
//   x_cgo_call_traceback_function   Go's unwinder, by cgocall; or by asmcgocall while panicking,
//                                   then on the 32 KiB signal stack, perhaps with the C library's
//                                   malloc lock held
//   x_cgo_call_symbolizer_function  as x_cgo_call_traceback_function
//
// Safety: all functions here run in signal handlers.
//
// Differences between Go versions: up to 1.25 Go calls the traceback and symbolizer functions
// itself, and only x_cgo_callers is called here.
//
// A port must: 1. set RCGO_GO_SHOWS_C_FRAMES. Go's assembly decides which ports call x_cgo_callers:
// linux on amd64, arm64 and ppc64le, and on loong64 from 1.26; freebsd on amd64, where
// runtime/overlay/rcgo_callers.go asks for it.
#ifndef RCGO_TRACEBACK_GENERATION_H
#define RCGO_TRACEBACK_GENERATION_H

#include <signal.h>
#include <stdbool.h>

#include "go_entry_points.h"
#include "sanitizer.h"

// The signal by which Go preempts a goroutine. It is sent up to a hundred times a second, and
// normally the C stack that it interrupts is not used.
// GO: runtime/signal_unix.go sigPreempt = _SIGURG
#ifdef __FreeBSD__
// GO: runtime/defs_freebsd_amd64.go _SIGURG = 0x10
// GO: runtime/defs_freebsd_arm64.go _SIGURG = 0x10
#	define RCGO_SIGPREEMPT 0x10
#else
// GO: runtime/defs_linux_amd64.go _SIGURG = 0x17
// GO: runtime/defs_linux_arm64.go _SIGURG = 0x17
#	define RCGO_SIGPREEMPT 0x17
#endif

// Whether Go's signal trampoline calls x_cgo_callers, so that Go's reports of crashes in C code
// have the C frames. Elsewhere our crash reports have them.
#if (defined(__linux__) &&                                                                    \
	(defined(__i386__) || defined(__arm__) || defined(__riscv) || defined(__s390x__))) || \
	(defined(__FreeBSD__) && !defined(__x86_64__))
#	define RCGO_GO_SHOWS_C_FRAMES 0
#else
#	define RCGO_GO_SHOWS_C_FRAMES 1
#endif

// Fills callers by the program's traceback function. x_cgo_callers calls it, then jumps to Go's
// signal handler. x_cgo_callers is in runtime/arch because C cannot express that jump.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
extern RCGO_HIDDEN void rcgo__callers_collect(
	uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback, uintptr_t *callers);

// A traceback function that also gets the signal that interrupted the C code.
typedef void (*rcgo_async_traceback_fn)(struct cgoTracebackArg *arg, uintptr_t sig);

// Registers the async traceback hook, which replaces traceback in signal handlers.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__callers_set_async(rcgo_traceback_fn traceback, rcgo_async_traceback_fn hook);

// Makes each thread that runs a C call of a goroutine store its frames where Go's report of all
// goroutines reads them. With restarting, threads in system calls that a signal may end are left
// alone. Threads that block SIGURG store none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__callers_gather(bool restarting);

// Sends a thread that runs the signal sig, at most 31, and stores at most max program counters that
// its handler gives, innermost first. Returns their number: 0 if it gives none, or if the thread
// blocks the signal. The handler of RCGO_SIGPREEMPT gives those of a C call of a goroutine.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__callers_of(long tid, int sig, uintptr_t *pcs, size_t max);

// Returns whether rcgo__callers_of waits for the calling thread, which then calls
// rcgo__callers_stored.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__callers_asked(void);

// Installs a handler for a signal that Go leaves to the program; 0: none.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=none
RCGO_SHARED void rcgo__callers_on_signal(int sig, void (*handler)(int, siginfo_t *, void *));

// wanted returns whether a report waits for frames. stored announces that the calling thread has
// stored its frames in callers.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__callers_wanted(void);
// From now on, wanted returns true: the program's function is called at each preemption signal.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__callers_want_always(void);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__callers_stored(const uintptr_t *callers);

#endif // RCGO_TRACEBACK_GENERATION_H
