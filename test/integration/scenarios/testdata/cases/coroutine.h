// SPDX-License-Identifier: BSD-3-Clause
// C that runs on a stack of its own making and calls Go there.
#ifndef COROUTINE_H
#define COROUTINE_H

// Where the coroutine runs: on the thread that calls, or on a new one of C, whose first call of Go
// is made on its own stack or in the coroutine.
enum coroutine_where { COROUTINE_HERE, COROUTINE_ON_THREAD, COROUTINE_AT_ONCE };

// Runs a coroutine that calls Go so many times, goes back after each call and is entered again;
// told: says so by rcgo_stack_switched. Returns 0, or an errno.
int coroutine_run(enum coroutine_where where, int calls, int told);

#endif // COROUTINE_H
