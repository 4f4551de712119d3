// SPDX-License-Identifier: BSD-3-Clause
// process_start.h: when a process began.
#ifndef RCGO_PROCESS_START_H
#define RCGO_PROCESS_START_H

#include <stdint.h>

#include "compat.h"

// Returns when the process began, in seconds since the epoch by the clock as it is set now; or 0 if
// the system does not say it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int64_t rcgo__process_start(int32_t pid);

#endif // RCGO_PROCESS_START_H
