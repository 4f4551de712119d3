// SPDX-License-Identifier: BSD-3-Clause
// Base: variables of the environment.
#ifndef RCGO_ENVIRONMENT_H
#define RCGO_ENVIRONMENT_H

#include "compat.h"

// Returns the value of a variable, or NULL. The value belongs to the environment. getenv(3) is not
// called, because a program may define that name itself.
// Safety: MT-Unsafe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const char *rcgo__environment_get(const char *name);

#endif // RCGO_ENVIRONMENT_H
