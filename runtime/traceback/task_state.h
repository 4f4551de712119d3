// SPDX-License-Identifier: BSD-3-Clause
// The threads of this process, as /proc/self/task shows them, and what each does in the kernel.
// Runs on any stack, also in signal handlers.
#ifndef RCGO_TASK_STATE_H
#define RCGO_TASK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// What /proc/self/task/TID/syscall says about a thread.
struct rcgo_task_state {
	char text[224]; // all of it; two that are equal describe one and the same wait
	bool known;	// the thread waits in the kernel, and the fields below are valid
	bool running;	// the thread runs, or is ready to run
	bool in_syscall;
	uint64_t number; // of the system call
	uint64_t args[6];
	uint64_t sp, pc; // of the code that made it
};

// Calls fn(tid, arg) for each thread of the process. Returns false if the threads cannot be listed.
// Opens no file if a seccomp filter might end the process for it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__tasks_each(void (*fn)(long tid, void *arg), void *arg);

// Reads the state of a thread. Returns false if the thread has ended, or /proc cannot be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__task_state_read(long tid, struct rcgo_task_state *state);

// Stores in the ucontext_t what is known of the registers: program counter and stack pointer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__task_state_context(const struct rcgo_task_state *state, void *context);

// Returns whether a signal whose handler has SA_RESTART leaves no trace in the thread: it runs, or
// its system call is one that the kernel certainly restarts (signal(7)).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__task_state_restarts(const struct rcgo_task_state *state);

// What has become of a signal that was sent to a thread.
enum rcgo_signal_progress {
	RCGO_SIGNAL_HANDLED, // or the thread has ended, or its state cannot be read
	RCGO_SIGNAL_DUE, // the thread handles it as soon as it has a processor, or handles it now
	RCGO_SIGNAL_BLOCKED, // the thread blocks it, is stopped, or is in an uninterruptible wait
};

// Returns the progress of signal sig, at most 31, whose handler blocks it and does not sleep.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_signal_progress rcgo__task_signal_progress(long tid, int sig);

// Reads a file of the thread. Returns the number of bytes, or -errno. buf is 0-terminated.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED long rcgo__task_file_read(long tid, const char *name, char *buf, size_t size);

#endif // RCGO_TASK_STATE_H
