// SPDX-License-Identifier: BSD-3-Clause
// Internal interface to the alternate signal stacks of threads; see altstack.h.
#ifndef RCGO_ALTSTACK_INTERNAL_H
#define RCGO_ALTSTACK_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "altstack.h"
#include "compat.h"

// Gives the calling thread an alternate stack, unless it has one that is large enough.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_begin(struct rcgo_altstack *self);

// Disables the calling thread's stack and returns it to the pool. Go must not run on the thread
// after this call.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_end(struct rcgo_altstack *self);

// Implements sigaltstack(2) for C code on a thread that has a record. Returns 0 or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__altstack_change(
	struct rcgo_altstack *self, const stack_t *want, stack_t *old);

// Stops giving stacks to threads.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_off(void);

// Returns the usable size of a pool stack in bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_size(void);

// Takes a stack from the pool. Returns its lowest usable address, or 0 if there is no memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__altstack_take(void);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__altstack_give(uintptr_t lo);

// Whether a stack that was taken is still mapped as it was: C may have unmapped what it found.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__altstack_is_mapped(uintptr_t lo);

#endif // RCGO_ALTSTACK_INTERNAL_H
