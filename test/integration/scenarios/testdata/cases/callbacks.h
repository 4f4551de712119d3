// SPDX-License-Identifier: BSD-3-Clause
// Calls from C into Go on all kinds of threads. Functions of type int return 0 or an errno.
#ifndef CALLBACKS_H
#define CALLBACKS_H

#include <stddef.h>

enum thread_kind {
	THREAD_PLAIN,
	THREAD_SMALL_STACK,	// of 64 KiB
	THREAD_SIGNALS_BLOCKED, // all signals; the mask must stay so
	THREAD_WITH_KEY,	// a key of the user, whose destructor calls Go
};

// Calls Go, which calls this function again, depth times.
int nest(int depth);

// Calls Go, which panics through this frame.
void through_c(int value);

// Runs count threads, at most together at a time. Each makes calls calls of Go.
int run_threads(int kind, int count, int together, int calls);

#endif // CALLBACKS_H
