// SPDX-License-Identifier: BSD-3-Clause
// A program's own traceback, context and symbolizer functions, which count how they are called.
#ifndef TRACEBACK_H
#define TRACEBACK_H

// The functions for runtime.SetCgoTraceback.
void tb_traceback(void *arg);
void tb_context(void *arg);
void tb_symbolizer(void *arg);

// How often each function was called, and with what.
struct tb_counts {
	long tracebacks;       // calls of the traceback function
	long interrupted;      // of these, with the context of a signal
	long begun;	       // calls of the context function with 0
	long released;	       // calls with a value that had been returned and not yet released
	long released_wrongly; // any other call
	long symbols;	       // calls of the symbolizer
};
struct tb_counts tb_count(void);

// Calls Go from a function whose name appears in a traceback, depth deep.
void tb_calls_go(int depth);

// Keeps the CPU busy for about ms milliseconds of this thread's time.
void tb_busy_loop(int ms);

// Writes to an unmapped address.
void tb_crash(void);

// Sends sig to the calling thread n times. Returns 0 or an errno.
int tb_signal_self(int sig, int n);

#endif // TRACEBACK_H
