// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: a stand-in for the Go side. It makes the calls that Go makes, in the same order, and
// records the results.
#ifndef GO_STANDIN_H
#define GO_STANDIN_H

#include <stdbool.h>

#include "go_entry_points.h"

// Does what rt0_go does: sets up a g0 on the calling thread's stack, then calls x_cgo_init.
void standin_rt0(void);
// Does what libpreinit and the start of a c-shared library do: starts a thread that runs rt0 and
// waits for it.
void standin_library_load(void);
// Does what runtime.main does: passes crosscall2 and reports that Go is initialized.
// keep_crosscall2 is false for Go up to 1.20, which passes none.
void standin_main(bool has_crosscall2);
// Does both.
void standin_start(void);

// The main thread's g0.
extern G standin_g0;
// The g that setg has installed on this thread, or NULL.
G *standin_getg(void);
extern unsigned standin_setg_calls;
// A function for x_cgo_init or rcgo__crosscall1.
void standin_setg(void *g);

// Does what newm1 does: the argument is on a stack that is overwritten when the call returns.
void standin_newm(G *g, void (*fn)(void));

// Does what the generated C code of an exported Go function does on a C thread, with body instead
// of Go. Returns the context of the call.
uintptr_t standin_export(void (*body)(void *), void *arg);

// The number of calls of crosscall2, and the arguments of the last one.
struct standin_crosscall2 {
	unsigned calls;
	void (*fn)(void *);
	void *arg;
	int n;
	size_t context;
};
extern struct standin_crosscall2 standin_crosscall2;

#endif // GO_STANDIN_H
