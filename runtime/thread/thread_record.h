// SPDX-License-Identifier: BSD-3-Clause
// Thread records: what this library stores about each thread that Go knows: the bounds of its
// stacks, and per-thread state of other parts. A signal handler finds its own thread's record
// with one load. Records are data below the signal part, which reads them in handlers.
//
// State: a thread-specific value of libc, whose destructor ends the record with the thread. The
// records of threads that Go starts are in those threads' first frames. All others are in blocks
// that are never freed. Only a thread itself writes and reads its record, also in signal
// handlers.
#ifndef RCGO_THREAD_RECORD_H
#define RCGO_THREAD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

enum rcgo_thread_kind {
	RCGO_THREAD_FIRST = 1, // x_cgo_init ran on it: main, or the loading thread
	RCGO_THREAD_GO,	       // started by x_cgo_thread_start
	RCGO_THREAD_FOREIGN,   // created by C code, and has entered Go
};

// The alternate signal stack of a thread; see altstack.h. All 0: it was given none. Only the thread
// itself writes it, also in signal handlers.
struct rcgo_altstack {
	uintptr_t lo;	  // the stack from the pool: its lowest address in the kernel
	uintptr_t c_lo;	  // the stack that C has set but that is too small; 0: none
	uintptr_t c_size; // its size
};

// How long a thread of a forked child has waited in Go, in nanoseconds of a coarse clock.
struct rcgo_fork_wait {
	uint64_t since;
	uint64_t last;	// the time of the last poll
	int64_t others; // CPU time of the other threads at since
	uint32_t polls; // the number of polls
	bool checked;	// the number of threads has been checked
};

// The timer of a thread whose calls into Go are timed, in a forked child; see fork_timer.h.
struct rcgo_fork_call {
	int32_t pid;	  // the process that made the timer; 0: none
	int32_t timer;	  // the kernel's number of the timer; -1: none
	uint32_t depth;	  // the number of calls that the thread is in
	uint32_t seconds; // the time to which the timer was set
	uintptr_t word;	  // the word on which Go waited at the last look; 0: none
	uint64_t since;	  // the time of the first look at this wait
	uint64_t last;	  // the time of the last one
	int64_t others;	  // CPU time of the other threads at since
};

// A new record is all 0 except for its stack bounds and its kind.
struct rcgo_thread_record {
	// The thread's C stack: lowest usable address and end; 0, 0 if the system does not report
	// them.
	uintptr_t stack_lo;
	uintptr_t stack_hi;
	// The stack that C code has switched to and has reported; 0, 0: none.
	uintptr_t alt_c_stack_lo;
	uintptr_t alt_c_stack_hi;
	// The bounds of g0 before the switch.
	uintptr_t g0_lo;
	uintptr_t g0_hi;
	uint32_t kind;
	// The record's index in the blocks; unused for threads that Go starts.
	uint32_t index;
	struct rcgo_altstack altstack;
	// The g that Go has bound to this foreign thread, or NULL.
	void *g;
	// The thread's g0 if known. The g of an M that is bound to a foreign thread is one.
	const G *g0;
	// Whether g was bound in a forked child.
	bool bound_in_child;
	struct rcgo_fork_wait fork_wait;
	struct rcgo_fork_call fork_call;
	// The place of g0 in m_table.h, if it was added.
	uint32_t m_place;
};

// Returns the record of the calling thread. NULL for a thread that has not entered Go or that is
// ending, and for any thread before Go starts.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED struct rcgo_thread_record *rcgo__thread_record(void);

// Records that Go binds every foreign thread (m_binding.c).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__thread_records_set_complete(void);

// Returns whether every foreign thread gets a record before a goroutine runs on it. If so, a thread
// without a record has only C stacks.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__thread_records_are_complete(void);

// Returns the calling thread's record, and makes one if there is none. It ends with the thread.
// NULL if libc has no memory or no key left.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN struct rcgo_thread_record *rcgo__thread_record_make(enum rcgo_thread_kind kind);

// Begins the record of a thread that Go started, in the caller's frame. stack_size is the stack
// size that was requested. rcgo__thread_record_end ends it.
// Safety: MT-Safe AS-Unsafe | stack=os g=nil errno=kept alloc=libc lock=libc
RCGO_INTERN void rcgo__thread_record_begin(
	struct rcgo_thread_record *self, const G *g0, size_t stack_size);
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=none
RCGO_INTERN void rcgo__thread_record_end(void);

// Creates the key that finds records, unless it exists. ended is called with the record of each
// foreign thread that ends. With last_chance, the thread table is used if there is no free key.
// Returns whether records can be stored.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=libc lock=libc
RCGO_INTERN bool rcgo__thread_records_init(
	void (*ended)(struct rcgo_thread_record *), bool last_chance);

#endif // RCGO_THREAD_RECORD_H
