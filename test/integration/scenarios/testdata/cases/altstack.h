// SPDX-License-Identifier: BSD-3-Clause
// C code that looks at its thread's alternate signal stack and mask, and changes them.
#ifndef ALTSTACK_H
#define ALTSTACK_H

#include <stddef.h>
#include <stdint.h>

// The calling thread's alternate stack, as the kernel has it: 0 when there is none.
size_t altstack_size(void);
uintptr_t altstack_at(void);

// Turns it off; or first sets one of its own, in which a handler runs, and then turns it off.
// Both return 0 when all went as libc has it.
int altstack_turn_off(void);
int altstack_own_and_off(void);

// Runs a handler with SA_ONSTACK that uses up its stack.
void altstack_overflow(void);

// A thread of C that calls altstack_in_go before and after it does the above to itself; with own,
// it begins with a stack of 32 KiB of its own. Returns 0, or what went wrong.
int altstack_thread(int own);

// Blocks sig, or all for 0, by one of pthread_sigmask, sigprocmask, sighold, sigblock, sigsetmask,
// sigset (0 to 5). Returns whether sig is blocked then, or -1.
int mask_block(int sig, int how);
// Opens all.
void mask_open(void);

// A thread of C, one more that stays out of Go, and children by fork and posix_spawn. Return 0, or
// what went wrong.
int mask_thread(void);
int mask_elsewhere(void);

#endif // ALTSTACK_H
