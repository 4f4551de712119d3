// SPDX-License-Identifier: BSD-3-Clause
// Registration of the program's hooks: the interface for other parts.
#ifndef RCGO_HOOK_REGISTRY_H
#define RCGO_HOOK_REGISTRY_H

#include "compat.h"
#include "go_types.h"

// Registers the program's hooks. Each may be NULL.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=init
RCGO_SHARED void rcgo__hooks_set(
	rcgo_traceback_fn traceback, rcgo_context_fn context, rcgo_symbolizer_fn symbolizer);

// A traceback function that also gets the signal that interrupted the C code.
typedef void (*rcgo_async_traceback_fn)(struct cgoTracebackArg *arg, uintptr_t sig);

// Registers the async traceback hook, which replaces traceback in signal handlers.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__hooks_set_async_traceback(
	rcgo_traceback_fn traceback, rcgo_async_traceback_fn async_traceback);

#endif // RCGO_HOOK_REGISTRY_H
