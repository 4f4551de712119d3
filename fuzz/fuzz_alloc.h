// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing of parts of the command, which leaves much memory to the end of the process: what a run
// takes is given back at its end. The command's files are compiled with these in the place of
// libc's.
#ifndef FUZZ_ALLOC_H
#define FUZZ_ALLOC_H

#include <stddef.h>

void *fuzz_malloc(size_t size);
void *fuzz_calloc(size_t count, size_t size);
void *fuzz_realloc(void *at, size_t size);
void fuzz_free(void *at);
void fuzz_free_all(void);

#endif // FUZZ_ALLOC_H
