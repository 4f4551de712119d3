// SPDX-License-Identifier: BSD-3-Clause
#ifndef ALLOCATORS_H
#define ALLOCATORS_H

#include <stddef.h>

// Not inlined, so that each has a frame of its own.
#define WAY __attribute__((noinline, noipa))
#define BLOCKS 50
#define SIZE 424 // no size class of an allocator

#ifdef __cplusplus
extern "C" {
#endif

// Keeps a block. Its bytes are 7 until the end.
void keep(void *p, size_t size);
// The program ends if good is false.
void expect(int good, const char *what);
// Prints what the profile has to have of a function; bytes 0 stands for any number.
void want(const char *function, size_t bytes);

// glibc says whether C++ has libc's allocator.
void run_cplusplus(int glibc);

#ifdef __cplusplus
}
#endif

#endif // ALLOCATORS_H
