// SPDX-License-Identifier: BSD-3-Clause
// C code that inspects and changes its thread's alternate signal stack and mask.
#ifndef ALTSTACK_H
#define ALTSTACK_H

#include <stddef.h>
#include <stdint.h>

// Returns the size of the calling thread's alternate stack, from the kernel; 0 if there is none.
size_t altstack_size(void);
uintptr_t altstack_at(void);

// Turns the alternate stack off; or first installs one of its own, runs a handler on it, and then
// turns it off. Both return 0 if everything behaved as with libc.
int altstack_turn_off(void);
int altstack_own_and_off(void);

// Runs a handler with SA_ONSTACK that overflows its stack.
void altstack_overflow(void);

// Starts a C thread that calls altstack_in_go before and after it does the above; with own, it
// begins with an alternate stack of 32 KiB of its own. Returns 0, or the step that failed.
int altstack_thread(int own);

// Blocks sig, or all signals for 0, by one of pthread_sigmask, sigprocmask, sighold, sigblock,
// sigsetmask, sigset (0 to 5). Returns whether sig is blocked afterwards, or -1.
int mask_block(int sig, int how);
// Unblocks all signals.
void mask_open(void);

// A C thread, another one that does not enter Go, and children by fork and posix_spawn. Return 0,
// or the step that failed.
int mask_thread(void);
int mask_elsewhere(void);

#endif // ALTSTACK_H
