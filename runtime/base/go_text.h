// SPDX-License-Identifier: BSD-3-Clause
// Base: the address range of Go's machine code, in the program or in the library that contains Go,
// and the goroutine of the calling thread. The code of Go plugins and of shared objects of Go
// packages lies outside of this range.
#ifndef RCGO_GO_TEXT_H
#define RCGO_GO_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// Stores the bounds [start, end) of Go's text. Stores 0 and returns false if no Go is linked in, as
// in a C unit test.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_text(uintptr_t *start, uintptr_t *end);

// Returns whether pc lies in Go's text.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__in_go_text(uintptr_t pc);

// Returns the g in Go's thread-local slot: the goroutine's g, the g of the system stack while C
// runs, or the g of the signal stack while Go handles a signal. Returns NULL if Go is not on this
// thread, and on processors other than amd64 and arm64, where it is unknown.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const G *rcgo__current_g(void);

#endif // RCGO_GO_TEXT_H
