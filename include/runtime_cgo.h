// SPDX-License-Identifier: BSD-3-Clause
// runtime_cgo.h: the public header of runtime_cgo, for C and C++ code inside a Go program that was
// built by `rcgo build`:
//
//   1. Structures that Go fixes     what runtime.SetCgoTraceback's functions get
//   2. C stacks and their names     rcgo_backtrace.h
//   3. Threads                      counters, stacks that C switches to
//   4. Signals                      the table of signal handlers
//   5. System calls                 one system call on every thread
//   6. Helpers for the Go module    handles, strings and slices that Go passes
//
// The functions of 2 to 5 are weak: they are NULL in a program built by plain go, so test them
// before the call. A reference must be weak, since cgo links each package once without Go.
//
// Each declaration has a line "Safety: ...". MT-Safe: any number of threads may call the function
// at once. AS-Safe: it may be called in a signal handler. stack= says what it may be called on: any
// stack, a signal stack of 32 KiB (signal), or the stack of a C thread (c). g=maybe-nil: the thread
// need not be known to Go. errno=kept: errno does not change. alloc=no: it does not call malloc.
// lock=none: it takes no lock.
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

// What a traceback function gets. Go wants the program counters of the C stack, innermost first,
// in Buf[0..Max), ended by a 0 when there are fewer than Max.
//
//   Context      0: the stack of the calling thread. Else: what a context function returned.
//   SigContext   the ucontext_t of the signal that interrupted C code, or 0
//   Buf, Max     where to put program counters, and how many fit
//
// GO: runtime/traceback.go struct cgoTracebackArg: context sigContext buf max
struct cgoTracebackArg {
	uintptr_t Context;
	uintptr_t SigContext;
	uintptr_t *Buf;
	uintptr_t Max;
};

// What a context function gets. It is called with Context 0 when C enters Go, and stores a value
// that names the C stack; it is called with that value again when Go returns to C.
//
// GO: runtime/traceback.go struct cgoContextArg: context
struct cgoContextArg {
	uintptr_t Context;
};

// What a symbolizer function gets. PC is given; it fills in the rest. More != 0 asks to be called
// again for the same PC (inlined callers). Data is the symbolizer's own, 0 at first. A last call
// with PC 0 lets it free what Data holds.
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

// Threads, counted since Go started. All but the peak are exact.
struct rcgo_stats {
	uint64_t threads_started; // for Go
	uint64_t threads_running;
	uint64_t threads_peak;
	uint64_t foreign_bound;	 // threads of C that have an M of Go now
	uint64_t foreign_seen;	 // and that ever had one
	uint64_t start_retries;	 // starts that a limit had in its way for a while
	uint64_t stacks_smaller; // starts that took a smaller stack, for memory had run out
	uint64_t all_threads_calls;
	uint64_t all_threads_given_up; // calls that were not made: a thread could not be stopped
	uint64_t start_failures;       // starts that failed for good
	uint64_t waits;		       // threads of C that had to wait for Go to be up
	uint64_t callbacks;	       // calls from C to Go; 0 without RCGO=stats=on
	uint64_t callbacks_counted;    // 1 with RCGO=stats=on
};

// Fills in the first size bytes of what is known; the rest of stats becomes 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_stats(struct rcgo_stats *stats, size_t size);

// Tells that the calling thread is about to run on a stack of its own from lo up to hi: for C that
// switches stacks (coroutines, fibers, ucontext) and then calls Go or may be interrupted there;
// golang/go#62130. 0, 0: it is back on the thread's stack. On a thread that Go started, calls from
// there end with "morestack on g0" without this. Only threads that have entered Go can tell; one of
// C that has not is asked for its stack as it enters.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_stack_switched(uintptr_t lo, uintptr_t hi);

// Returns one line that names this C half: "runtime_cgo version=V payload=HASH go=VERSION
// features=LIST options=LIST". HASH names the sources of the C half. The text is never freed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC const char *rcgo_build_info(void);

// ---- 4. Signals ----

// Writes to file descriptor fd the signals that have a handler, one a line: the handler, its flags
// and mask as who installed it asked for, on whose stack it runs, and what is done about it. NULL
// too after `rcgo build --without=signals`; the names are left out after --without=traceback.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC void rcgo_signal_dump(int fd);

// ---- 5. System calls ----

// Why an all-threads system call was not made.
struct rcgo_all_threads_failure {
	int32_t tid;	// the thread that could not be stopped, or 0
	char text[252]; // the cause in words; empty when the call was made
};

// Makes system call number with six arguments on every thread of the process: Go's, C's, and those
// that are being born. First all threads are stopped; when one cannot be, nothing is applied, and
// why (which may be NULL) says which and what keeps it. Then the caller makes the call; when that
// fails, no other thread makes it. Results that differ between threads end the process with a
// message, for there is no way back.
//
// Returns the call's result, or -errno. It takes up to a second to give up on a thread that blocks
// signal 33, and up to five for one that is stuck in the kernel.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_PUBLIC long rcgo_syscall_all_threads(
	long number, const uintptr_t args[6], struct rcgo_all_threads_failure *why);

// ---- 6. Helpers for the Go module ----

#define RCGO_HELPER static inline __attribute__((unused))

// In package handle, when the program has it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
extern int rcgo__handle_valid(uintptr_t handle) __attribute__((weak));

// Whether a handle that Go gave out stands for a value. Enters no Go code; any thread may ask, and
// a signal handler. The answer may be old at once where another thread may delete the handle.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER int
rcgo_handle_valid(uintptr_t handle)
{
	return rcgo__handle_valid != 0 && rcgo__handle_valid(handle);
}

// Bytes that somebody else owns, with no NUL at their end. What Go passed is valid until the call
// returns.
struct rcgo_view {
	const char *at;
	size_t size;
};

// Looks at a GoString (s.p, s.n), a GoSlice of bytes (s.data, s.len) or a _GoString_
// (_GoStringPtr(s), _GoStringLen(s)). A length below 0 gives nothing.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_HELPER struct rcgo_view
rcgo_view_of(const void *at, ptrdiff_t size)
{
	struct rcgo_view v = {(const char *)at, size < 0 ? 0 : (size_t)size};

	return v;
}

// Copies a view and a NUL into room bytes. Returns its size; when that is not less than room, what
// did not fit is cut off.
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

// Takes the first code point off a view. Returns it, or -1 and takes one byte off where the bytes
// are no UTF-8 (as Go decides: no surrogates, no overlong forms), or -2 at the end.
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

// Whether all of a view is UTF-8.
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

#ifdef __cplusplus
}
#endif

#endif // RUNTIME_CGO_H
