// SPDX-License-Identifier: BSD-3-Clause
// C code that runs on a stack that it allocated and calls Go there.
#ifndef COROUTINE_H
#define COROUTINE_H

// Where the coroutine runs: on the calling thread, or on a new C thread, whose first call of Go is
// made on its own stack or in the coroutine.
enum coroutine_where { COROUTINE_HERE, COROUTINE_ON_THREAD, COROUTINE_AT_ONCE };

// Runs a coroutine that makes a number of calls of Go, switches back after each and is entered
// again. With told, it announces the switch by rcgo_stack_switched. Returns 0, or an errno.
int coroutine_run(enum coroutine_where where, int calls, int told);

#endif // COROUTINE_H
