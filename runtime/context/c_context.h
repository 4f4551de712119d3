// SPDX-License-Identifier: BSD-3-Clause
// C contexts for programs that register no context function. With RCGO=contexts=on each call from
// C to Go records the position on its C stack, so that a traceback of a panic or a profile can
// include that part of the stack. The stack is unwound only when a traceback is printed.
//
// State: a stack of context records for each thread that has called Go, found by a pthread key
// and freed when the thread ends. Only the thread writes it. Go reads a record, on any thread,
// only while the call that made it is active.
#ifndef RCGO_C_CONTEXT_H
#define RCGO_C_CONTEXT_H

#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// A C context is the address of a context record: the registers of the caller of Go, which
// cmd/cgo generates, when it enters Go.
struct rcgo_context_record {
	uintptr_t pc;  // an address in that function, after a call
	uintptr_t cfa; // of the call, as DWARF defines it
	uintptr_t fp;
};

// Prepares the recording of contexts. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=libc lock=libc
RCGO_SHARED int rcgo__contexts_init(void);

// Records a call. Returns the context, or 0 if the call cannot be recorded.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=libc lock=none
RCGO_INTERN uintptr_t rcgo__contexts_begin(uintptr_t pc, uintptr_t cfa, uintptr_t fp);

// A context function that releases a context record. The init state holds its address when calls
// are recorded. It is not called to begin a context, because that needs the caller's registers.
// Safety: MT-Safe AS-Unsafe | stack=c g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__contexts_release(struct cgoContextArg *arg);

#endif // RCGO_C_CONTEXT_H
