// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_GC_H
#define RCGO_TEST_COMPAT_GC_H

// Starts threads of C that the collector and Go know. Returns 0, or -1.
int gc_start(void);

// They build lists in the collector's memory and call Go between; returns the wrong words so far.
long gc_round(void);
unsigned long gc_collections(void);

#endif
