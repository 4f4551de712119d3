// SPDX-License-Identifier: BSD-3-Clause
// ABI: the data layouts that Go and C share, with assertions on them. Each line that begins "GO:"
// names the Go declaration that it mirrors; tools/check abi compares it with every GOROOT.
#ifndef RCGO_GO_TYPES_H
#define RCGO_GO_TYPES_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "runtime_cgo.h"

// The number of program counters that x_cgo_callers may store.
// GO: runtime/cgocall.go cgoCallers [32]
#define RCGO_CALLERS_MAX 32

// The first fields of a runtime.g. C writes stacklo, stackhi and stackguard0.
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

// The field after them, sched: where the goroutine's stack was left.
// GO: runtime/runtime2.go struct gobuf: sp ...
struct rcgo_gobuf {
	uintptr_t sp;
};

// The argument of x_cgo_thread_start: the g0 of the new thread and the function that it runs. It
// lies on a Go stack, so it must be copied before the call returns.
// GO: runtime/proc.go struct cgothreadstart: g tls fn
typedef struct {
	G *g;
	uintptr_t *tls;
	void (*fn)(void);
} ThreadStart;

// The argument of a _cgo_libc_* function: its arguments, and room for its result or errno.
// GO: runtime/cgocall.go struct argset: args retval
typedef struct {
	uintptr_t *args;
	uintptr_t retval;
} argset_t;

typedef void (*rcgo_traceback_fn)(struct cgoTracebackArg *);
typedef void (*rcgo_context_fn)(struct cgoContextArg *);
typedef void (*rcgo_symbolizer_fn)(struct cgoSymbolizerArg *);

// The argument of x_cgo_set_traceback_functions (Go 1.26 and later).
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
