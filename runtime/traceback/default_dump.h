// SPDX-License-Identifier: BSD-3-Clause
// Thread dumps: what each thread of the process does in C, while the process goes on.
// rcgo_dump_threads (runtime_cgo.h) writes one, RCGO=dump=SIGNAL writes one on a signal, and the
// report of RCGO=crash=json:all:FILE has one in it.
//
// A thread that waits in the kernel is not disturbed: /proc/self/task/TID/syscall has its program
// counter and stack pointer, and its stack is read while it waits. If it has moved meanwhile, it is
// read again. A thread that runs Go's C calls gets Go's preemption signal, and stores its frames
// itself. Runs on any stack, also in signal handlers.
#ifndef RCGO_DEFAULT_DUMP_H
#define RCGO_DEFAULT_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "compat.h"
#include "task_state.h"

#define RCGO_THREAD_FRAMES 256

// The work of rcgo__threads_walk: what the caller sets, the counts, and scratch memory.
struct rcgo_thread_walk {
	// Called for each thread that is in C: its number, what it does, and n program counters in
	// walk->pcs.
	void (*show)(struct rcgo_thread_walk *walk, long tid, const char *state, size_t n);
	const void *own_context; // the ucontext_t of the calling thread, or NULL: it is left out
	// By CLOCK_MONOTONIC, in ns: threads that run are not asked any more then. 0: no end.
	uint64_t ask_until;
	size_t shown, in_go; // threads that were shown, and the others
	char name[32];	     // of the thread that is shown
	uintptr_t pcs[RCGO_THREAD_FRAMES];
	ucontext_t context;
	struct rcgo_task_state before, after;
};

// Shows all threads that are in C. Returns false if the threads cannot be listed.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__threads_walk(struct rcgo_thread_walk *walk);

// Installs the handler of RCGO=dump=SIGNAL, if that is set.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=no lock=none
RCGO_INTERN void rcgo__dump_init(void);

#endif // RCGO_DEFAULT_DUMP_H
