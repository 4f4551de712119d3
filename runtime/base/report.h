// SPDX-License-Identifier: BSD-3-Clause
// Base: the outputs of crash reports: standard error, and the file that debug.SetCrashOutput,
// RCGO=crash=FILE or RCGO=crash=fd:N has chosen. No write waits for long, because the reader of an
// output may have stopped.
//
// With RCGO=crash=json:FILE the file gets reports in JSON instead (crash_json.c), and Go's variable
// does not change.
//
// State: the file of RCGO. From Go 1.23 on it is stored in Go's own variable. So Go's reports go to
// it too, and debug.SetCrashOutput replaces it. Re-read runtime/runtime.go (crashFD, setCrashFD)
// and runtime/debug/stack.go (SetCrashOutput).
#ifndef RCGO_REPORT_H
#define RCGO_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"
#include "strbuf.h"

// Opens the file of RCGO=crash= and stores its descriptor in *gos, Go's variable for its crash
// output, if that is all ones. If the file cannot be opened, writes one line to standard error.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__report_init(uintptr_t *gos);

// Writes the text. Drops the rest of the text if an output accepts nothing for 0.3 s.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__report_write(const struct rcgo_strbuf *t);

// Returns the descriptor of RCGO=crash=json:FILE or json:all:FILE, or -1.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD int rcgo__report_json_fd(void);

// Returns whether that was RCGO=crash=json:all:FILE: the report has the other threads too.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD bool rcgo__report_json_all(void);

#endif // RCGO_REPORT_H
