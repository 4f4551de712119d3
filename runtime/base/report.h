// SPDX-License-Identifier: BSD-3-Clause
// Base: where crash reports go: standard error, and the file that debug.SetCrashOutput or
// RCGO=crash=FILE or RCGO=crash=fd:N has chosen. Nobody may be reading, so no write waits for long.
//
// State: the file of RCGO, kept in Go's own variable from Go 1.23 on, so that Go's reports go there
// as well, and a program's debug.SetCrashOutput replaces it.
// Re-read runtime/runtime.go (crashFD, setCrashFD) and runtime/debug/stack.go (SetCrashOutput).
#ifndef RCGO_REPORT_H
#define RCGO_REPORT_H

#include <stdint.h>

#include "compat.h"
#include "strbuf.h"

// Opens the file that RCGO=crash= names, and puts it into *gos, where Go has the descriptor of its
// own crash output, or all ones. A file that cannot be opened is told in one line.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__report_init(uintptr_t *gos);

// Writes the text. What nobody takes within 0.3 s is lost, and so is what comes after it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__report_write(const struct rcgo_strbuf *t);

#endif // RCGO_REPORT_H
