// SPDX-License-Identifier: BSD-3-Clause
// Part 4, Thread Management: the first thread's g0, new threads for Go (ThreadStart), the bounds
// of C stacks, and the binding of Go's M to threads that C made.
// Re-read runtime/cgo/gcc_linux*.c, gcc_stack_unix.c, gcc_libinit.c (from 1.27: pthread_unix.c,
// gcc_unix.c, gcc_libinit_unix.c), and runtime/proc.go (newm1, needAndBindM).
//
// State, and who writes it:
//   setg   Go's function that installs a g on a thread. Written by x_cgo_init, before any other
//          thread of Go exists; pthread_create orders it for the threads that read it.
//   key    the pthread key that finds a thread's record, and whose destructor gives a dying
//          thread's M back; see thread_record.h. Created as Go starts.
//
// Callers and stacks:
//   x_cgo_init               rt0_go, C ABI, on the OS stack, before any state of Go exists
//   x_cgo_thread_start       newm1 by asmcgocall, on g0; the argument lies on a Go stack
//   x_cgo_sys_thread_create  c-shared/c-archive start-up, on the loading thread, no g
//   x_cgo_getstackbound      callbackUpdateSystemStack by asmcgocall, on g0
//   x_cgo_bindm              needAndBindM by asmcgocall, on g0, once per thread of C
//   the key's destructor     libc, on the dying thread's own stack, no g
//
// Safety: handlers find their thread's record (thread_record.h) and may ask whether a fault
// was the end of a stack (stack_bounds.h); nothing else here runs in them.
//
// Differences between Go versions: 1.19 neither binds nor asks for bounds (a callback from a
// thread of C takes and drops an M each time); from 1.22 both. 1.27 calls
// x_cgo_sys_thread_create with one argument.
//
// A port must: 1. supply rcgo__stack_bounds; 2. supply rcgo__crosscall1 (runtime/arch); 3. supply
// rcgo__limits_explain, or the file that says it knows nothing.
#ifndef RCGO_THREAD_MANAGEMENT_H
#define RCGO_THREAD_MANAGEMENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"
#include "strbuf.h"

struct rcgo_thread_record;

// Creates the key that binds Ms to threads of C, if that has not been done. Where libc has no key
// left, the last call makes do without (thread_slots.h); where that cannot be (musl), nothing
// is bound and Go takes and drops an M at each call, as it did up to 1.21.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__m_binding_init(bool last_chance);

// A thread of C enters Go: makes its record and gives it a signal stack, once. NULL when there is
// no record.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_record *rcgo__thread_attach(void);

// Binds g to the calling thread of C until it ends. Only when x_cgo_pthread_key_created is set.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__m_bind(void *g);

// Whether every thread of C is bound before a goroutine runs on it, so that one without a record
// has stacks of C only.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__m_binding_is_complete(void);

// Stores the lowest usable address and the end of the calling thread's stack in bounds; 0, 0 when
// the system does not say. The main thread's may grow down to the first.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__stack_bounds(uintptr_t bounds[2]);

// What a new thread is asked to be.
struct rcgo_thread_attr {
	pthread_attr_t attr;
	size_t stack_size; // in bytes
	unsigned tries;
	bool block_signals; // for libc cannot be told in attr
};

// Makes a plan: a detached thread, its stack and guard as the program's user wants them, else as
// libc has them, but not below 1 MiB, for C code of today needs more than musl's 128 KiB. With
// signals_blocked, it starts with every signal blocked.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_attr_init(struct rcgo_thread_attr *attr_req, bool signals_blocked);
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_attr_destroy(struct rcgo_thread_attr *attr_req);

// Makes the plan's stack smaller, when it is memory for stacks that has run out. Returns whether
// it did: another try may then work.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__thread_attr_shrink(struct rcgo_thread_attr *attr_req);

// Starts a detached thread that runs f(arg). A failure that may pass (EAGAIN) is retried for some
// two seconds, with the caller's signal mask open between tries; not so for want of memory once
// stacks had to be smaller. Returns 0 or an errno.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN int rcgo__thread_create(
	struct rcgo_thread_attr *attr_req, void *(*f)(void *), void *arg);

// Ends the process, for a thread could not start: with rcgo__limits_explain's message.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN RCGO_COLD RCGO_NORETURN void rcgo__thread_create_fatal(
	const struct rcgo_thread_attr *attr_req, int err);

// Appends to t why a thread may have failed to start: each limit that the kernel sets, its value
// and use, the one that was reached, and what to do. stack_size in bytes is what the thread's
// stack wanted. At most 17 lines.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__limits_explain(struct rcgo_strbuf *t, size_t stack_size);

// Whether a limit of memory is in the way of a stack of this size.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__limits_are_memory(size_t stack_size);

// What the first C function of a thread for Go gets.
struct rcgo_thread_start {
	ThreadStart ts;
	size_t stack_size;
};

// Takes one, never NULL; the thread that has read it gives it back.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=maybe-nil errno=set alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_start *rcgo__thread_start_alloc(void);
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=set alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_start_free(struct rcgo_thread_start *start);

// In runtime/arch: calls setg(g), then fn(), keeping the registers that C expects to be kept.
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=set alloc=no lock=none
extern RCGO_HIDDEN void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g);

struct rcgo_signal_thread;

// What the signal part wants to know of the calling thread; see rcgo__signal_thread.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__thread_for_signal(struct rcgo_signal_thread *t);

#endif // RCGO_THREAD_MANAGEMENT_H
