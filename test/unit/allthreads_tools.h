// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: all-threads calls: starts threads, and checks whether a call reached them.
#ifndef ALLTHREADS_TOOLS_H
#define ALLTHREADS_TOOLS_H

#include <stdint.h>

#include "go_types.h"
#include "unit.h"

#define THREADS 8

extern unsigned all_up;	  // threads that have started
extern unsigned all_stop; // nonzero: threads must end
extern struct rcgo_all_threads_failure all_why;

// Returns the time in seconds.
double all_now(void);
// Makes a system call with three arguments on all threads.
long all_call(long number, uintptr_t a, uintptr_t b, uintptr_t c);
// Sets a value of each thread that needs no privilege and can be read in /proc.
long all_set(unsigned long value);
// Returns how many threads have another value. Ended threads and kernel threads do not count.
unsigned all_without(unsigned long value, unsigned *seen);
// Checks that no thread has another value, and that there are at least this many threads.
void all_check(unsigned long value, unsigned threads);
// Counts itself in all_up and sleeps for ever.
void *all_idle(void *arg);
// Starts n detached threads and waits until all_up has grown by n.
void all_start(void *(*f)(void *), int n);

#endif // ALLTHREADS_TOOLS_H
