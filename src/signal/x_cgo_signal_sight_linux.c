// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling, the edge to C: the table of handlers (rcgo_signal_sight_parts.h). Runs on any
// stack, in handlers too.

#include <errno.h>

#include "rcgo_signal.h"
#include "rcgo_signal_sight_parts.h"
#include "runtime_cgo.h"

#ifndef RCGO_WITHOUT_SIGNALS

// The last of the signals without a name that from sig on have the same action: Go has the most.
static int
last_of_row(int sig, const go_sigaction_t *now)
{
	go_sigaction_t next;

	while (sig > SIGSYS && sig < RCGO_SIGNALS && rcgo__sight_kernel(sig + 1, &next) &&
		memcmp(&next, now, sizeof next) == 0) {
		sig++;
	}
	return sig;
}

void
rcgo_signal_dump(int fd)
{
	char buf[RCGO_SIGHT_LINE];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);
	go_sigaction_t now;
	int saved = errno;

	rcgo__text_str(&t, "runtime/cgo: signals: what has a handler");
	rcgo__sight_line(&t, fd);
	for (int sig = 1, last; sig <= RCGO_SIGNALS; sig = last + 1) {
		last = sig;
		if (rcgo__sight_kernel(sig, &now)) {
			last = last_of_row(sig, &now);
			rcgo__text_str(&t, "\t");
			rcgo__sight_signal(&t, sig);
			if (last > sig) {
				rcgo__text_str(&t, " to ");
				rcgo__text_dec(&t, (uint64_t)last, 0);
			}
			rcgo__text_str(&t, ": ");
			rcgo__sight_action(&t, sig, &now);
			rcgo__sight_line(&t, fd);
		}
	}
	errno = saved;
}

#endif
