// SPDX-License-Identifier: BSD-3-Clause
// C code that installs handlers without SA_ONSTACK, as most libraries do, and C threads that crash.
#ifndef INTERPOSE_H
#define INTERPOSE_H

// Installs a counting handler for sig by one of sigaction, signal, sigset, bsd_signal, sysv_signal,
// ssignal (0 to 5). Returns the number of calls, and in how many of them the handler ran on an
// alternate stack.
int interpose_install(int sig, int how);
// Installs that handler for sig by sysv_signal, and restores the previous one.
int interpose_restore(int sig);
long interpose_count(void);
long interpose_on_altstack(void);

// Sends sig to all threads, from a C thread, until handlers have run n times.
void interpose_stress(int sig, int n);

// Raises sig n times on the calling thread, in C.
void interpose_raise(int sig, int n);

// Raises sig n times on a stack that C allocated, while its frames on the thread's stack wait.
// Returns how many of their bytes have changed.
int interpose_raise_on_own_stack(int sig, int n);

// Installs a handler for sig that writes the table of handlers to standard output, and raises sig.
void interpose_dump_from_handler(int sig);

// Ends the process from a thread that Go does not know: by a fault, by abort, or on n threads at
// once.
void interpose_thread_faults(void);
void interpose_thread_aborts(void);
void interpose_threads_fault(int n);

// Overflows the calling thread's C stack.
int interpose_recurse(int n);

#endif // INTERPOSE_H
