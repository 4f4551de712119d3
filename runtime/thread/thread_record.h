// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: what we know of each thread that Go knows: where its stacks lie, and what the
// parts hang on it. A handler finds its own thread's record with one load.
//
// State: a thread-specific value of libc whose destructor ends the record with the thread; records
// of Go's threads lie in those threads' first frames, all others in blocks that are kept.
// A record is written by its own thread only, and read by it, also in handlers.
#ifndef RCGO_THREAD_RECORD_H
#define RCGO_THREAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "altstack.h"
#include "compat.h"
#include "go_types.h"

enum rcgo_thread_kind {
	RCGO_THREAD_FIRST = 1, // the one that x_cgo_init ran on: main, or a library's
	RCGO_THREAD_GO,	       // started by x_cgo_thread_start
	RCGO_THREAD_FOREIGN,   // made by C, and has entered Go
};

// How long a thread of a forked child waits in Go, in nanoseconds of a coarse clock.
struct rcgo_fork_wait {
	uint64_t since;
	uint64_t last;	 // when it was seen last
	uint64_t others; // what other threads had used of the processors when it began
	uint32_t looks;	 // how often it was seen
	bool asked;	 // whether the process had other threads
};

// A new record is all 0 but for its stack and kind.
struct rcgo_thread_record {
	// The thread's C stack: lowest usable address and end; 0, 0 when the system did not say.
	uintptr_t stack_lo;
	uintptr_t stack_hi;
	// The stack that C has switched to, which it told us of; 0, 0: none.
	uintptr_t alt_c_stack_lo;
	uintptr_t alt_c_stack_hi;
	// Meanwhile, what g0 had.
	uintptr_t g0_lo;
	uintptr_t g0_hi;
	uint32_t kind;
	// Its place in the blocks; no meaning for Go's threads.
	uint32_t index;
	struct rcgo_altstack altstack;
	// Go's g that is bound to this thread of C, or NULL.
	void *g;
	// The thread's g0, as far as known: an M's that is bound to a thread of C is one.
	const G *g0;
	// Whether g was bound in a forked child.
	bool bound_in_child;
	struct rcgo_fork_wait fork_wait;
};

// The record of the calling thread; NULL when it has none: a thread that has not entered Go, or
// that is ending, and any thread before Go starts.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED struct rcgo_thread_record *rcgo__thread_record(void);

// The same, made when there is none; it ends with the thread. NULL when libc has no memory or no
// key left.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_record *rcgo__thread_record_make(enum rcgo_thread_kind kind);

// Begins and ends the record of a thread of Go, in the caller's frame. stack_size is what its
// stack was asked to have.
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_record_begin(
	struct rcgo_thread_record *own, const G *g0, size_t stack_size);
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=none
RCGO_INTERN void rcgo__thread_record_end(void);

// Takes the key that finds records, if that has not been done. ended is called with the record of
// each thread of C that ends. With last_chance, slots do where there is no key. Returns whether
// there is either.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__thread_records_init(
	void (*ended)(struct rcgo_thread_record *), bool last_chance);

#endif // RCGO_THREAD_RECORD_H
