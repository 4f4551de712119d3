// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: a stand-in for the Go side: it makes the calls that Go makes, in Go's order, and
// notes what comes back.
#ifndef GO_STANDIN_H
#define GO_STANDIN_H

#include <stdbool.h>

#include "go_entry_points.h"

// What rt0_go does: a g0 on the calling thread's stack, then x_cgo_init.
void standin_rt0(void);
// What libpreinit and the library's start do in c-shared: a thread that runs rt0, awaited.
void standin_library_load(void);
// What runtime.main does: gives us crosscall2 and says that Go is up. keep_crosscall2 is false
// for a Go up to 1.20, which has none to give.
void standin_main(bool has_crosscall2);
// Both of it.
void standin_start(void);

// The main thread's g0.
extern G standin_g0;
// The g that setg has installed on this thread, or NULL.
G *standin_getg(void);
extern unsigned standin_setg_calls;
// To be given to x_cgo_init or rcgo__crosscall1.
void standin_setg(void *g);

// What newm1 does: the argument lies on a stack that is overwritten as soon as the call is over.
void standin_newm(G *g, void (*fn)(void));

// What the generated C code of an exported Go function does on a thread of C, with body in the
// place of Go. Returns the context that the call carried.
uintptr_t standin_export(void (*body)(void *), void *arg);

// Calls of crosscall2: how many, and what the last one got.
struct standin_crosscall2 {
	unsigned calls;
	void (*fn)(void *);
	void *arg;
	int n;
	size_t context;
};
extern struct standin_crosscall2 standin_crosscall2;

#endif // GO_STANDIN_H
