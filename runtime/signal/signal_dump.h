// SPDX-License-Identifier: BSD-3-Clause
// Registers the function that names code addresses in signal dumps; see signal_dump_internal.h.
#ifndef RCGO_SIGNAL_DUMP_H
#define RCGO_SIGNAL_DUMP_H

#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// A symbolize callback: writes the name of the code at pc into text.
typedef void (*rcgo_symbolize_fn)(uintptr_t pc, char *text, size_t size);

#ifdef RCGO_WITHOUT_SIGNALS

static inline void
rcgo__signal_dump_start(RCGO_UNUSED rcgo_symbolize_fn name_pc)
{
}

#else

// Call when Go is up. name_pc is the symbolize callback. Writes the table of handlers if tracing is
// on.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__signal_dump_start(rcgo_symbolize_fn name_pc);

#endif

#endif // RCGO_SIGNAL_DUMP_H
