// SPDX-License-Identifier: BSD-3-Clause
// Context Management: the way into the registry of hooks for those who are not this part.
#ifndef RCGO_HOOKS_H
#define RCGO_HOOKS_H

#include "rcgo_abi.h"
#include "rcgo_base.h"

// Registers the program's hooks; each may be NULL.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=latch
RCGO_SHARED void rcgo__hooks_set(
	rcgo_traceback_fn traceback, rcgo_context_fn context, rcgo_symbolizer_fn symbolizer);

// A traceback function that is told by which signal the C code was interrupted.
typedef void (*rcgo_signal_traceback_fn)(struct cgoTracebackArg *arg, uintptr_t sig);

// Registers one that takes traceback's place in handlers.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__hooks_set_for_signals(
	rcgo_traceback_fn traceback, rcgo_signal_traceback_fn for_signals);

#endif // RCGO_HOOKS_H
