// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_GC_H
#define RCGO_TEST_COMPAT_GC_H

// Starts C threads that the collector and Go know. Returns 0, or -1.
int gc_start(void);

// Builds lists in the collector's memory on these threads, with calls of Go in between; returns the
// number of wrong words so far.
long gc_round(void);
unsigned long gc_collections(void);

#endif
