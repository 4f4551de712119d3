// SPDX-License-Identifier: BSD-3-Clause
// Base: where Go's machine code lies: the text of the program, or of the library that has Go in it.
// Code of Go plugins, and of shared objects of Go packages, lies elsewhere: the traceback part
// knows where.
#ifndef RCGO_GOTEXT_H
#define RCGO_GOTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "rcgo_base.h"

// Stores the bounds [start, end) of Go's text. Returns false, and stores 0, where no Go is linked
// in: in a test of C alone.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__go_text(uintptr_t *start, uintptr_t *end);

// Whether pc lies there.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__in_go_text(uintptr_t pc);

// Whether pc lies there or in Go's code elsewhere. Where it does not lie there the objects of the
// process are searched.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__in_go_code(uintptr_t pc);

// Gives the function that knows Go's code elsewhere. AS-Safe.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__set_other_go(bool (*fn)(uintptr_t pc));

#endif // RCGO_GOTEXT_H
