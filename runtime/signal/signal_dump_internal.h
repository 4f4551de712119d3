// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: what can be seen of it. rcgo_signal_dump (runtime_cgo.h) writes the kernel's
// table with what C asked for and where each handler runs; RCGO=signals=trace writes that table to
// standard error as Go starts, and from then on each change and who made it.
//
// State: two words, written as Go starts.
#ifndef RCGO_SIGNAL_DUMP_INTERNAL_H
#define RCGO_SIGNAL_DUMP_INTERNAL_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_sigaction.h"
#include "strbuf.h"

// Who changes an action, where it is not a place in C's code.
#define RCGO_BY_GO ((uintptr_t)1)
#define RCGO_BY_RESCAN ((uintptr_t)2)

#ifdef RCGO_WITHOUT_SIGNALS // rcgo build --without=signals: nothing of it is there

static inline void
rcgo__signal_dump_init(void)
{
}

static inline void
rcgo__signal_dump_change(RCGO_UNUSED int sig, RCGO_UNUSED uintptr_t who)
{
}

#else

// Makes ready for a trace, if that is asked for.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_dump_init(void);

// Somebody has changed the action of sig: a return address in C's code, or one of the two above.
// Writes a line, if there is a trace.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__signal_dump_change(int sig, uintptr_t who);

// Appends the name of the code at address at.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_name(struct rcgo_strbuf *t, uintptr_t at);

#	define RCGO_SIGNAL_DUMP_LINE 1024

// Writes the text as a line, and begins it anew.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_line(struct rcgo_strbuf *t, int fd);

// What the kernel has for sig, past libc and all of ours. Returns false when there is no handler.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__signal_dump_kernel(int sig, go_sigaction_t *now);

// Appends the name of sig.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_signal(struct rcgo_strbuf *t, int sig);

// Appends the action that the kernel has for sig: handler, flags and mask as who installed it asked
// for, whose stack it runs on, and what is done about it.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__signal_dump_action(
	struct rcgo_strbuf *t, int sig, const go_sigaction_t *now);

#endif

#endif // RCGO_SIGNAL_DUMP_INTERNAL_H
