// SPDX-License-Identifier: BSD-3-Clause
// Handler safety: traps. While a thread is in a handler, a call of any libc function that locks or
// allocates ends the process. async_safety_traps.c defines these functions, so the linker and the
// loader bind all calls to it.
#ifndef AS_TRAPS_H
#define AS_TRAPS_H

#include <stdbool.h>

// True on a thread that is inside a handler.
extern __thread bool as_in_handler;

#endif // AS_TRAPS_H
