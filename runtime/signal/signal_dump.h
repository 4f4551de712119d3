// SPDX-License-Identifier: BSD-3-Clause
// Signal dumps. rcgo_signal_dump (runtime_cgo.h) writes the kernel's table of handlers: what C
// asked for and on which stack each handler runs. RCGO=signals=trace writes that table to
// standard error while Go starts, and from then on each change and the code that made it.
//
// State: two words, written while Go starts.
#ifndef RCGO_SIGNAL_DUMP_H
#define RCGO_SIGNAL_DUMP_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_sigaction.h"
#include "strbuf.h"

// The origin of a change that is not an address in C code.
#define RCGO_BY_GO ((uintptr_t)1)
#define RCGO_BY_RESCAN ((uintptr_t)2)

// A symbolize callback: writes the name of the code at pc into text.
typedef void (*rcgo_symbolize_fn)(uintptr_t pc, char *text, size_t size);

#ifdef RCGO_WITHOUT_SIGNALS // rcgo build --without=signals: there are no dumps

static inline void
rcgo__signal_dump_start(RCGO_UNUSED rcgo_symbolize_fn name_pc)
{
}

static inline void
rcgo__signal_dump_init(void)
{
}

static inline void
rcgo__signal_dump_change(RCGO_UNUSED int sig, RCGO_UNUSED uintptr_t who)
{
}

#else

// Prepares for tracing if RCGO=signals=trace is set.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_dump_init(void);

// Call when Go is up. name_pc is the symbolize callback. Writes the table of handlers if tracing is
// on.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__signal_dump_start(rcgo_symbolize_fn name_pc);

// Call after the action of sig was changed. who is a return address in C code, or RCGO_BY_GO or
// RCGO_BY_RESCAN. Writes a line if tracing is on.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_dump_change(int sig, uintptr_t who);

// Appends the name of the code at the address at.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_name(struct rcgo_strbuf *t, uintptr_t at);

#	define RCGO_SIGNAL_DUMP_LINE 1024

// Writes the text and a newline to fd, and empties t.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_line(struct rcgo_strbuf *t, int fd);

// Stores in *now the kernel's action for sig, read by a raw system call. Returns false if there
// is no handler.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_dump_kernel(int sig, go_sigaction_t *now);

// Appends the name of sig.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_signal(struct rcgo_strbuf *t, int sig);

// Appends the kernel's action for sig: handler, flags and mask as the installer asked for, the
// stack it runs on, and whether Go's handler comes first.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_action(
	struct rcgo_strbuf *t, int sig, const go_sigaction_t *now);

#endif

#endif // RCGO_SIGNAL_DUMP_H
