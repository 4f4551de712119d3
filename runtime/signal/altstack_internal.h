// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what the parts do with threads' alternate signal stacks; see altstack.h.
#ifndef RCGO_ALTSTACK_INTERNAL_H
#define RCGO_ALTSTACK_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "altstack.h"
#include "compat.h"

// Gives the calling thread an alternate stack, if it has none that will do.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_begin(struct rcgo_altstack *own);

// Takes it back, for Go is not going to run on the thread any more.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_end(struct rcgo_altstack *own);

// sigaltstack(2) for C code on a thread that Go knows. Returns 0 or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__altstack_change(struct rcgo_altstack *own, const stack_t *want, stack_t *old);

// No thread gets one from now on.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_off(void);

// What of a stack is for handlers.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_size(void);

// A stack from the pool, or 0; and back.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_take(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_give(uintptr_t lo);

// Whether a stack that was taken is still mapped as it was: C may have unmapped what it found.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__altstack_is_mapped(uintptr_t lo);

#endif // RCGO_ALTSTACK_INTERNAL_H
