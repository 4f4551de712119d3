// SPDX-License-Identifier: BSD-3-Clause
// Threads of C that come, call Go and go.
#ifndef THREADSOAK_H
#define THREADSOAK_H

#include <stdint.h>

// Makes threads one after the other, until the flag is set; each calls Go so many times.
int soak_maker_start(int calls_each);
void soak_makers_stop(void);
uint64_t soak_threads_made(void);
uint64_t soak_calls_made(void);

// How many pthread keys can still be made.
int soak_keys_left(void);

// setresuid(-1, -1, -1) on every thread: 0, or -errno.
long soak_all_threads(void);

// What the C half counts: threads of Go that run; threads of C that have an M.
void soak_counted(uint64_t *running, uint64_t *bound);

// Whether what never changes can be read, in C.
int soak_env_is_right(void);

#endif // THREADSOAK_H
