// SPDX-License-Identifier: BSD-3-Clause
// C threads that start, call Go and end.
#ifndef THREADSOAK_H
#define THREADSOAK_H

#include <stdint.h>

// Starts threads one after the other, until the flag is set; each makes a number of calls of Go.
int soak_maker_start(int calls_each);
void soak_makers_stop(void);
uint64_t soak_threads_made(void);
uint64_t soak_calls_made(void);

// Returns how many pthread keys can still be created.
int soak_keys_left(void);

// Calls setresuid(-1, -1, -1) on every thread: returns 0, or -errno.
long soak_all_threads(void);

// The counters of our runtime/cgo: Go threads that run; C threads that have an M.
void soak_counted(uint64_t *running, uint64_t *bound);

// Whether C can read a variable that never changes.
int soak_env_is_right(void);

#endif // THREADSOAK_H
