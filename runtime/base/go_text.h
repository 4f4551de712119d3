// SPDX-License-Identifier: BSD-3-Clause
// Base: where Go's machine code lies: the text of the program, or of the library that has Go in it.
// Code of Go plugins, and of shared objects of Go packages, lies elsewhere. And which goroutine the
// calling thread is on.
#ifndef RCGO_GO_TEXT_H
#define RCGO_GO_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// Stores the bounds [start, end) of Go's text. Returns false, and stores 0, where no Go is linked
// in: in a test of C alone.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_text(uintptr_t *start, uintptr_t *end);

// Whether pc lies there.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__in_go_text(uintptr_t pc);

// What Go has in the thread's own memory: its goroutine's g, or while C runs that of its system
// stack, or while Go handles a signal that of the signal stack. NULL when Go is not on this thread,
// and where it cannot be known: on other processors than amd64 and arm64.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const G *rcgo__current_g(void);

#endif // RCGO_GO_TEXT_H
