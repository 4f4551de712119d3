// SPDX-License-Identifier: BSD-3-Clause
// runtime_cgo.h: the public header of runtime_cgo, for C and C++ code inside a Go program that was
// built by `rcgo build`:
//
//   1. Structures that Go fixes     arguments of runtime.SetCgoTraceback's functions
//   2. C stacks and their names     rcgo_backtrace.h
//   3. Threads                      counters, stacks that C switches to
//   4. Signals                      the table of signal handlers
//   5. System calls                 one system call on every thread
//   6. Helpers for the Go module    handles, strings and slices that Go passes
//   7. Heap profiling               only after `rcgo build --with=heap`
//
// The functions of 2 to 5 are weak. They are NULL in a program built by plain go, so compare a
// function with NULL before you call it. References must be weak because cgo also links each
// package once without Go.
//
// Each declaration has a line "Safety: ...". MT-Safe: any number of threads may call the function
// at the same time. AS-Safe: a signal handler may call the function. stack= names the required
// stack: any stack (any), a signal stack of 32 KiB (signal), or the stack of a C thread (c).
// g=maybe-nil: the thread need not be known to Go. errno=kept: errno does not change. alloc=no: the
// function does not call malloc. lock=none: the function takes no lock.
#ifndef RUNTIME_CGO_H
#define RUNTIME_CGO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef RCGO_PUBLIC
#	ifdef RCGO_COMPAT_H
#		define RCGO_PUBLIC RCGO_EXPORT
#	else
#		define RCGO_PUBLIC __attribute__((weak))
#	endif
#endif
#ifndef RCGO_BACKTRACE_API
#	define RCGO_BACKTRACE_API RCGO_PUBLIC
#endif

// ---- 2. C stacks and their names (absent after `rcgo build --without=traceback`) ----

#include "rcgo_backtrace.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---- 1. Structures that Go fixes ----

// The argument of a traceback function. The function stores the program counters of the C stack,
// innermost first, in Buf[0..Max). It ends them by a 0 if there are fewer than Max.
//
//   Context      0: the stack of the calling thread. Else: a value of a context function.
//   SigContext   the ucontext_t of the signal that interrupted C code, or 0
//   Buf, Max     the buffer for program counters, and its number of elements
//
// GO: runtime/traceback.go struct cgoTracebackArg: context sigContext buf max
struct cgoTracebackArg {
	uintptr_t Context;
	uintptr_t SigContext;
	uintptr_t *Buf;
	uintptr_t Max;
};

// The argument of a context function. Go calls the function with Context 0 when C calls Go. The
// function stores a value that identifies the C stack. Go calls it with that value again when Go
// returns to C.
//
// GO: runtime/traceback.go struct cgoContextArg: context
struct cgoContextArg {
	uintptr_t Context;
};

// The argument of a symbolizer function. Go sets PC, and the function fills in the rest. More != 0
// makes Go call it again for the same PC, for inlined callers. Data is private to the symbolizer,
// and 0 at first. A last call with PC 0 lets the function free what Data refers to.
//
// GO: runtime/traceback.go struct cgoSymbolizerArg: pc file lineno funcName entry more data
struct cgoSymbolizerArg {
	uintptr_t PC;
	const char *File;
	uintptr_t Lineno;
	const char *Func;
	uintptr_t Entry;
	uintptr_t More;
	uintptr_t Data;
};

// ---- 3. Threads ----

// Thread counters since Go started. All are exact except threads_peak.
struct rcgo_stats {
	uint64_t threads_started; // for Go
	uint64_t threads_running;
	uint64_t threads_peak;
	uint64_t foreign_bound;	 // C threads that have a Go M now
	uint64_t foreign_seen;	 // C threads that ever had a Go M
	uint64_t start_retries;	 // starts that were retried because of a limit
	uint64_t stacks_smaller; // starts with a smaller stack, because memory had run out
	uint64_t all_threads_calls;
	uint64_t all_threads_given_up; // calls that were not made: a thread could not be stopped
	uint64_t start_failures;       // starts that failed finally
	uint64_t waits;		       // C threads that waited until Go had started
	uint64_t callbacks;	       // calls from C to Go; 0 without RCGO=stats=on
	uint64_t callbacks_counted;    // 1 with RCGO=stats=on, else 0
	uint64_t thread_stack_bytes;   // address space of the C stacks of threads_running
};

// Fills in the first size bytes of *stats. Sets fields that this version does not know to 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_stats(struct rcgo_stats *stats, size_t size);

// Announces that the calling thread is about to run on a stack of its own, from lo to hi. For C
// code that switches stacks (coroutines, fibers, ucontext) and then calls Go, or that may be
// interrupted there (golang/go#62130). 0, 0 means that it is back on the thread's own stack.
// Without this call, calls of Go from such a stack end with "morestack on g0" on a thread that Go
// started. Only threads that have entered Go need the call; another C thread's stack is looked up
// when it enters Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_stack_switched(uintptr_t lo, uintptr_t hi);

// Returns one line that identifies this runtime/cgo: "runtime_cgo version=V payload=HASH go=VERSION
// features=LIST options=LIST". HASH is the hash of its sources. The string is never freed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC const char *rcgo_build_info(void);

// For package leaf of the Go module, which calls C without telling Go's scheduler. Whenever C calls
// an exported Go function, enter is called before Go and leave after Go has returned, on the
// thread that calls. Both must be cheap, because they run for each such call. NULL, NULL ends this.
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=no lock=init
RCGO_PUBLIC void rcgo_leaf_hooks_set(void (*enter)(void), void (*leave)(void));

// Writes what each other thread of the process does in C to file descriptor fd: its id, its name,
// the system call in which it waits, and its C frames. The process goes on. A thread that waits in
// the kernel is read and not disturbed. A thread that runs gets SIGURG, and is shown if it is in a
// C call of a goroutine. Threads in Go are counted.
//
// With RCGO_DUMP_GOROUTINES, nothing is written. The C frames of goroutines are stored where the
// next runtime.Stack or goroutine profile shows them; Go package stacks does that.
//
// Returns the number of threads that were shown. Uses /proc; without it, one line says so. The
// function is NULL after `rcgo build --without=traceback`.
#define RCGO_DUMP_GOROUTINES 1u
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC size_t rcgo_dump_threads(int fd, unsigned flags);

// ---- 4. Signals ----

// Writes the signals that have a handler to file descriptor fd, one per line. A line has the
// handler, its flags and mask as the installer requested them, the stack on which it runs, and how
// runtime_cgo treats it. The function is also NULL after `rcgo build --without=signals`. Names are
// omitted after --without=traceback.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_signal_dump(int fd);

// ---- 5. System calls ----

// The reason why an all-threads system call was not made.
struct rcgo_all_threads_failure {
	int32_t tid;	// the thread that could not be stopped, or 0
	char text[252]; // a description of the reason; empty if the call was made
};

// Makes system call number, with six arguments, on every thread of the process: Go's threads, C
// threads, and threads that are being created. First all threads are stopped. If a thread cannot be
// stopped, the call is made on none, and *why says which thread and why; why may be NULL. Then the
// calling thread makes the call. If it fails, no other thread makes it. If the results of threads
// differ, the process ends with a message, because the calls cannot be undone.
//
// Returns the result of the call, or -errno. Gives up after one second on a thread that blocks
// signal 33, and after five seconds on a thread that is stuck in the kernel.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC long rcgo_syscall_all_threads(
	long number, const uintptr_t args[6], struct rcgo_all_threads_failure *why);

// ---- 6. Helpers for the Go module ----

#define RCGO_HELPER static inline __attribute__((unused))

// Defined by Go package handle, if the program contains it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
extern int rcgo__handle_valid(uintptr_t handle) __attribute__((weak));

// Returns whether a handle from Go refers to a value. Runs no Go code, so any thread and any signal
// handler may call it. If another thread may delete the handle, the answer may be out of date
// immediately.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER int
rcgo_handle_valid(uintptr_t handle)
{
	return rcgo__handle_valid != 0 && rcgo__handle_valid(handle);
}

// Borrowed bytes, without a terminating NUL. Bytes that Go passed are valid until the call returns.
struct rcgo_view {
	const char *at;
	size_t size;
};

// Returns a view of a GoString (s.p, s.n), a GoSlice of bytes (s.data, s.len) or a _GoString_
// (_GoStringPtr(s), _GoStringLen(s)). A negative length gives an empty view.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER struct rcgo_view
rcgo_view_of(const void *at, ptrdiff_t size)
{
	struct rcgo_view v = {(const char *)at, size < 0 ? 0 : (size_t)size};

	return v;
}

// Copies a view and a NUL into out, which has room bytes. Returns the size of the view. If that is
// not less than room, the copy is truncated.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER size_t
rcgo_view_copy(struct rcgo_view v, char *out, size_t room)
{
	size_t i = 0;

	for (; i < v.size && i + 1 < room; i++) {
		out[i] = v.at[i];
	}
	if (room > 0) {
		out[i] = '\0';
	}
	return v.size;
}

// Removes the first code point from a view and returns it. Returns -1 and removes one byte if the
// bytes are not UTF-8 (as Go defines it: no surrogates, no overlong forms). Returns -2 at the end.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER int32_t
rcgo_view_next_rune(struct rcgo_view *v)
{
	const unsigned char *at = (const unsigned char *)v->at;
	size_t more = v->size == 0 || at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 1 : at[0] < 0xf0 ? 2 : 3;
	uint32_t rune;

	if (v->size == 0) {
		return -2;
	}
	v->at++;
	v->size--;
	if (at[0] < 0x80) {
		return at[0];
	}
	if (more == 0 || at[0] > 0xf4 || v->size < more) {
		return -1;
	}
	rune = at[0] & (0x3fU >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80) {
			return -1;
		}
		rune = rune << 6 | (at[i] & 0x3f);
	}
	if ((more == 2 && (rune < 0x800 || (rune >= 0xd800 && rune < 0xe000))) ||
		(more == 3 && (rune < 0x10000 || rune > 0x10ffff))) {
		return -1;
	}
	v->at += more;
	v->size -= more;
	return (int32_t)rune;
}

// Returns whether all bytes of a view are UTF-8.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER int
rcgo_view_is_utf8(struct rcgo_view v)
{
	int32_t rune = 0;

	while (rune >= 0) {
		rune = rcgo_view_next_rune(&v);
	}
	return rune == -2;
}

// ---- 7. Heap profiling (absent unless the program was built by `rcgo build --with=heap`) ----

// Sets the number of bytes between samples of the C heap. 1 records every allocation, 0 ends
// sampling; what was recorded stays until it is freed. Returns 0, or -errno: ENOMEM, or ENOTSUP in
// a forked child.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC int rcgo_heap_set_rate(uint64_t rate);

// Returns the tables of the profile, or NULL before the rate was set and in a forked child. Their
// layout is that of runtime/heap/heap_layout.h; Go package cheap reads them. They are never
// unmapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC const void *rcgo_heap_tables(size_t *size);

// Copies one part of the tables that changes: 0 to 63 are the live samples of that shard, 64 are
// the anonymous mappings. out has room for all that the part can hold. Returns the number of
// records.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC size_t rcgo_heap_copy(unsigned part, void *out);

#ifdef __cplusplus
}
#endif

#endif // RUNTIME_CGO_H
