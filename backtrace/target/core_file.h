// SPDX-License-Identifier: BSD-3-Clause
// core_file.h: core files whose bytes are in memory.
#ifndef RCGO_CORE_FILE_H
#define RCGO_CORE_FILE_H

#include "byte_range.h"
#include "rcgo_backtrace.h"

// As rcgo_target_open_core, for the bytes of a core file. The caller keeps them until the target is
// closed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__target_core_from_memory(struct rcgo_target *target, struct rcgo_bytes image);

#endif // RCGO_CORE_FILE_H
