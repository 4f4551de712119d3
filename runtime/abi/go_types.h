// SPDX-License-Identifier: BSD-3-Clause
// Abi: the Go boundary as data: the layouts that Go and C share, with the asserts that hold them.
// Lines that begin "GO:" name what they mirror; tools/check abi compares each with every GOROOT.
#ifndef RCGO_GO_TYPES_H
#define RCGO_GO_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "runtime_cgo.h"

// How many program counters x_cgo_callers may store.
// GO: runtime/cgocall.go cgoCallers [32]
#define RCGO_CALLERS_MAX 32

// The first words of a runtime.g, of which C writes two.
// GO: runtime/runtime2.go struct g: stack stackguard0 stackguard1 _panic _defer m ...
typedef struct {
	uintptr_t stacklo;
	uintptr_t stackhi;
	uintptr_t stackguard0;
	uintptr_t stackguard1;
	uintptr_t _panic;
	uintptr_t _defer;
	uintptr_t m;
} G;

// What follows them, its sched: where its stack was left.
// GO: runtime/runtime2.go struct gobuf: sp ...
struct rcgo_gobuf {
	uintptr_t sp;
};

// What x_cgo_thread_start gets: the g0 of the new thread and the function that it runs. It lies
// on a Go stack, so it is copied before the call returns.
// GO: runtime/proc.go struct cgothreadstart: g tls fn
typedef struct {
	G *g;
	uintptr_t *tls;
	void (*fn)(void);
} ThreadStart;

// What a _cgo_libc_* function gets: its arguments, and room for its result or errno.
// GO: runtime/cgocall.go struct argset: args retval
typedef struct {
	uintptr_t *args;
	uintptr_t retval;
} argset_t;

typedef void (*rcgo_traceback_fn)(struct cgoTracebackArg *);
typedef void (*rcgo_context_fn)(struct cgoContextArg *);
typedef void (*rcgo_symbolizer_fn)(struct cgoSymbolizerArg *);

// What x_cgo_set_traceback_functions gets (Go 1.26 on).
// GO: runtime/traceback.go struct cgoSetTracebackFunctionsArg: traceback context symbolizer (go 1.26-)
struct cgoSetTracebackFunctionsArg {
	rcgo_traceback_fn Traceback;
	rcgo_context_fn Context;
	rcgo_symbolizer_fn Symbolizer;
};

#define RCGO_WORD sizeof(uintptr_t)
_Static_assert(sizeof(G) == 7 * RCGO_WORD, "G");
_Static_assert(offsetof(ThreadStart, fn) == 2 * RCGO_WORD, "ThreadStart.fn");
_Static_assert(sizeof(ThreadStart) == 3 * RCGO_WORD, "ThreadStart");
_Static_assert(offsetof(argset_t, retval) == RCGO_WORD, "argset_t.retval");
_Static_assert(sizeof(struct cgoTracebackArg) == 4 * RCGO_WORD, "cgoTracebackArg");
_Static_assert(offsetof(struct cgoTracebackArg, Max) == 3 * RCGO_WORD, "cgoTracebackArg.Max");
_Static_assert(sizeof(struct cgoContextArg) == RCGO_WORD, "cgoContextArg");
_Static_assert(sizeof(struct cgoSymbolizerArg) == 7 * RCGO_WORD, "cgoSymbolizerArg");
_Static_assert(offsetof(struct cgoSymbolizerArg, Entry) == 4 * RCGO_WORD, "cgoSymbolizerArg.Entry");
_Static_assert(sizeof(struct cgoSetTracebackFunctionsArg) == 3 * RCGO_WORD, "set functions arg");

#endif // RCGO_GO_TYPES_H
