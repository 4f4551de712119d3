// SPDX-License-Identifier: BSD-3-Clause
// Part 4, Thread Management: the first thread's g0, new threads for Go (ThreadStart), the bounds
// of C stacks, and the binding of Go's M to foreign threads, which C code created.
// Re-read runtime/cgo/gcc_linux*.c, gcc_stack_unix.c, gcc_libinit.c (from 1.27: pthread_unix.c,
// gcc_unix.c, gcc_libinit_unix.c), and runtime/proc.go (newm1, needAndBindM).
//
// State, and who writes it:
//   setg   Go's function that installs a g on a thread. Written by x_cgo_init, before any other
//          thread that Go starts exists; pthread_create orders it for the threads that read it.
//   key    the pthread key that finds a thread's record. Its destructor returns a dying
//          thread's M to Go; see thread_record.h. Created while Go starts.
//
// Callers and stacks:
//   x_cgo_init               rt0_go, C ABI, on the OS stack, before any state of Go exists
//   x_cgo_thread_start       newm1 by asmcgocall, on g0; the argument is on a Go stack
//   x_cgo_sys_thread_create  c-shared/c-archive start-up, on the loading thread, no g
//   x_cgo_getstackbound      callbackUpdateSystemStack by asmcgocall, on g0
//   x_cgo_bindm              needAndBindM by asmcgocall, on g0, once per foreign thread
//   the key's destructor     libc, on the dying thread's own stack, no g
//
// Safety: handlers find their thread's record (thread_record.h) and may ask whether a fault was a
// stack overflow (stack_bounds.h); nothing else here runs in handlers.
//
// Differences between Go versions: 1.19 and 1.20 neither bind an M nor ask for bounds: a callback
// from a foreign thread takes and drops an M each time. From 1.21 Go does both. 1.27 calls
// x_cgo_sys_thread_create with one argument.
//
// A port must: 1. supply rcgo__stack_bounds; 2. supply rcgo__crosscall1 (runtime/arch); 3. supply
// rcgo__limits_explain, or the file that says that it knows no limits.
#ifndef RCGO_THREAD_MANAGEMENT_H
#define RCGO_THREAD_MANAGEMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"
#include "stack_bounds.h"
#include "strbuf.h"

struct rcgo_thread_record;

// Creates the key that binds Ms to foreign threads, unless it exists. If libc has no free key,
// the call with last_chance uses the thread table instead (thread_record.c). If that is not
// possible (musl), nothing is bound and Go takes and drops an M at each call, as it did up to
// 1.21.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__m_binding_init(bool last_chance);

// Call when a foreign thread enters Go. Makes the thread's record and gives it a signal stack,
// once. Returns NULL if there is no record.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_record *rcgo__thread_attach(void);

// Binds g to the calling foreign thread until the thread ends. Requires that
// x_cgo_pthread_key_created is set.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__m_bind(void *g);

// The attributes of a new thread.
struct rcgo_thread_attr {
	pthread_attr_t attr;
	size_t stack_size; // in bytes
	size_t guard_size; // in bytes, beside the stack
	unsigned tries;
	bool block_signals; // done by the creator, because attr cannot express it
};

// Initializes the attributes of a detached thread. Stack and guard sizes are the user's (RCGO),
// else libc's. A default stack below 1 MiB is raised to that size, because current C code needs
// more than musl's 128 KiB. With signals_blocked, the thread starts with every signal blocked.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_attr_init(struct rcgo_thread_attr *attr_req, bool signals_blocked);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_attr_destroy(struct rcgo_thread_attr *attr_req);

// Reduces the stack size if memory for stacks has run out. Returns whether the size is smaller now,
// so that another attempt may succeed.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__thread_attr_shrink(struct rcgo_thread_attr *attr_req);

// Starts a detached thread that runs f(arg). A failure that may be temporary (EAGAIN) is retried
// for about two seconds. The caller's signal mask is restored between attempts. There is no retry
// for lack of memory once a stack had to be reduced. Returns 0 or an errno.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN int rcgo__thread_create(
	struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg);

// Ends the process because a thread could not be started. The message comes from
// rcgo__limits_explain.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__thread_create_fatal(
	const struct rcgo_thread_attr *attr_req, int err);

// Appends to t why a thread may have failed to start: each limit that the kernel sets with its
// value and use, the limit that was reached, and what to do. stack_size and guard_size are the
// sizes of the thread's stack and of its guard in bytes. Appends at most 17 lines.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__limits_explain(
	struct rcgo_strbuf *t, size_t stack_size, size_t guard_size);

// Returns whether a memory limit prevents a stack and a guard of these sizes.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limits_are_memory(size_t stack_size, size_t guard_size);

// The argument of the first C function of a thread for Go.
struct rcgo_thread_start {
	ThreadStart ts;
	size_t stack_size;
};

// Allocates a thread start. Never returns NULL. The new thread frees it after reading it.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_start *rcgo__thread_start_alloc(void);
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_start_free(struct rcgo_thread_start *start);

// Calls setg(g), then fn(), and preserves the registers that C expects to be preserved. In
// runtime/arch.
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
extern RCGO_HIDDEN void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g);

#endif // RCGO_THREAD_MANAGEMENT_H
