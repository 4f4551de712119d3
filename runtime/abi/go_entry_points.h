// SPDX-License-Identifier: BSD-3-Clause
// Abi: the whole edge: every function and variable that Go or generated code imports, by part.
// runtime/abi/symbols.txt says which Go imports which; the callers and stacks stand in each part's
// header. Re-read runtime/cgo/callbacks*.go, linux.go, mmap.go, setenv.go, sigaction.go.
#ifndef RCGO_GO_ENTRY_POINTS_H
#define RCGO_GO_ENTRY_POINTS_H

#include <stdint.h>

#include "compat.h"
#include "go_sigaction.h"
#include "go_types.h"

// 1 Context Management

// Blocks a C thread that wants to enter Go until Go is up. Returns the C context of the call: what
// the program's context function stored, or 0.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=latch
RCGO_EXPORT uintptr_t _cgo_wait_runtime_init_done(void);

// Go has returned to C: ends the C context that _cgo_wait_runtime_init_done gave.
// Safety: MT-Safe AS-Safe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void _cgo_release_context(uintptr_t context);

// Go is up; C may enter it.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=latch
RCGO_EXPORT void x_cgo_notify_runtime_init_done(void *unused);

// Registers the context function (Go up to 1.25).
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=latch
RCGO_EXPORT void x_cgo_set_context_function(rcgo_context_fn context);

// Registers traceback, context and symbolizer functions (Go 1.26 on).
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=latch
RCGO_EXPORT void x_cgo_set_traceback_functions(const struct cgoSetTracebackFunctionsArg *arg);

// 2 Signal Handling

// sigaction(2) for Go, by libc, so that interceptors see it. act and oldact may be NULL. Returns
// 0 or a positive errno.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT int32_t x_cgo_sigaction(
	intptr_t signum, const go_sigaction_t *act, go_sigaction_t *oldact);

// 3 Traceback Generation

// A signal has interrupted C code: collects its stack into callers, by the program's traceback
// function, and goes on to Go's signal handler.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void x_cgo_callers(uintptr_t sig, void *info, void *context,
	rcgo_traceback_fn traceback, uintptr_t *callers,
	void (*sigtramp)(uintptr_t, void *, void *));

// Calls the program's traceback function, if there is one (Go 1.26 on).
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT void x_cgo_call_traceback_function(struct cgoTracebackArg *arg);

// Calls the program's symbolizer function, if there is one (Go 1.26 on).
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT void x_cgo_call_symbolizer_function(struct cgoSymbolizerArg *arg);

// 4 Thread Management

// The first call of all, on the main thread (or the one that c-shared made): keeps setg and fills
// in the stack bounds of g0. tlsg and tlsbase matter on Android only.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_init(G *g, void (*setg)(void *), void **tlsg, void **tlsbase);

// Starts a thread for Go: detached, all signals blocked, running ts->fn on ts->g. It succeeds or
// ends the process with a message that names the limit.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_thread_start(ThreadStart *ts);

// Starts a thread that knows nothing of Go yet (c-shared, c-archive): detached, running f(NULL).
// Go up to 1.26 passes f's argument too; it is always NULL.
// Safety: MT-Unsafe AS-Unsafe | stack=c g=nil errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_sys_thread_create(void *(*f)(void *));

// Binds g, and with it Go's M, to the calling C thread until that thread ends.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_bindm(void *g);

// Stores the lowest address and the end of the calling thread's stack; 0, 0 when unknown.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_getstackbound(uintptr_t bounds[2]);

// Not 0: threads of C stay bound to their M between calls, x_cgo_bindm works.
RCGO_EXPORT extern uintptr_t x_cgo_pthread_key_created;

// Go's crosscall2, stored here by Go (set_crosscall2); NULL up to 1.20.
RCGO_EXPORT extern void (*x_crosscall2_ptr)(void (*)(void *), void *, int, size_t);

// Go calls it, if it is not NULL, while one of its threads waits for another: under TSAN it lets
// interceptors do deferred work, in a forked child it watches (fork_watch.h).
RCGO_EXPORT extern void (*_cgo_yield)(void);

// 5 System Calls

// mmap(2) by libc. Returns the address, or the errno as a number below 4096.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT uintptr_t x_cgo_mmap(
	void *addr, uintptr_t length, int32_t prot, int32_t flags, int32_t fd, uint32_t offset);

// munmap(2) by libc; ends the process when it fails, for Go has no way to go on.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_EXPORT void x_cgo_munmap(void *addr, uintptr_t length);

// setenv(arg[0], arg[1], 1), unsetenv(arg[0]) and clearenv() for C's view of the environment.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_setenv(char **arg);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_unsetenv(char **arg);
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_clearenv(void **unused);

// The identity calls, by libc, which makes them hold for every thread. x->retval becomes the
// result, or the errno as a positive number.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setegid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_seteuid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setgid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setgroups(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setregid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setresgid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setresuid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setreuid(argset_t *x);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=libc
RCGO_EXPORT void _cgo_libc_setuid(argset_t *x);

// Makes system call args[0], with the six arguments after it, on every thread. x->retval becomes
// what the kernel gave: a result, or -errno.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_EXPORT void _cgo_libc_all_threads(argset_t *x);

#endif // RCGO_GO_ENTRY_POINTS_H
