// SPDX-License-Identifier: BSD-3-Clause
// Handler safety: traps. While a thread is in a handler, every function of libc that locks or
// allocates ends the process: async_safety_traps.c defines it, so the linker and the loader send
// all calls there.
#ifndef AS_TRAPS_H
#define AS_TRAPS_H

#include <stdbool.h>

// Set on the thread that is inside a handler.
extern __thread bool as_in_handler;

#endif // AS_TRAPS_H
