// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: all-threads calls: threads to stop, and whether a call reached them.
#ifndef ALLTHREADS_TOOLS_H
#define ALLTHREADS_TOOLS_H

#include <stdint.h>

#include "go_types.h"
#include "unit.h"

#define THREADS 8

extern unsigned all_up;	  // threads that have started
extern unsigned all_stop; // not 0: threads shall end
extern struct rcgo_all_threads_failure all_why;

// Seconds.
double all_now(void);
// A call on all threads with three arguments.
long all_call(long number, uintptr_t a, uintptr_t b, uintptr_t c);
// Sets a number of each thread that anybody may set and read in /proc.
long all_set(unsigned long value);
// How many threads have another value; dead ones and the kernel's own do not count.
unsigned all_without(unsigned long value, unsigned *seen);
// That no thread has another, and that there are so many.
void all_check(unsigned long value, unsigned threads);
// Counts itself in all_up and sleeps for ever.
void *all_idle(void *arg);
// Starts n detached threads and waits until all_up has grown by n.
void all_start(void *(*f)(void *), int n);

#endif // ALLTHREADS_TOOLS_H
