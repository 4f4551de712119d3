// SPDX-License-Identifier: BSD-3-Clause
// Base: no thread ends in the middle of our work. A thread that was told to end (pthread_cancel)
// does so in libc's next open, read, write or close; in a signal handler, or on Go's stacks, that
// is the end of the process.
// Contract: POSIX.1-2024, 2.9.5 and 2.4.3, where pthread_setcancelstate is async-signal-safe.
#ifndef RCGO_CANCEL_H
#define RCGO_CANCEL_H

#include <pthread.h>

#include "rcgo_base.h"

#ifdef __BIONIC__ // has no pthread_cancel
#	define RCGO_CANCEL_NEVER 0
#	define RCGO_CANCEL_STATE(state, old) ((void)(state), (void)(old))
#else
#	define RCGO_CANCEL_NEVER PTHREAD_CANCEL_DISABLE
#	define RCGO_CANCEL_STATE(state, old) pthread_setcancelstate(state, old)
#endif

// Keeps the calling thread from ending so. Returns what rcgo__cancel_back wants.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE int
rcgo__cancel_off(void)
{
	int state = 0;

	RCGO_CANCEL_STATE(RCGO_CANCEL_NEVER, &state);
	return state;
}

// Lets it end again, if it could before.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__cancel_back(int state)
{
	RCGO_CANCEL_STATE(state, &state);
}

#endif // RCGO_CANCEL_H
