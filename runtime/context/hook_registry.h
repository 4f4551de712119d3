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

#endif // RCGO_HOOK_REGISTRY_H
