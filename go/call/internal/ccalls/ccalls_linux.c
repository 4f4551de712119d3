// SPDX-License-Identifier: BSD-3-Clause
// Calls in a batch, and the signal that interrupts a thread. On the system stack, from cgo calls.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "ccalls.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef uintptr_t (*call_fn)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

// A function takes the argument registers that it knows.
static inline void
call_one(struct call_record *r)
{
	r->result = ((call_fn)r->fn)(
		r->args[0], r->args[1], r->args[2], r->args[3], r->args[4], r->args[5]);
}

// Four at a time: the branch of the loop is a fifth of the price of a call that does nothing.
void
rcgo_call_batch(struct call_record *r, size_t n)
{
	for (; n >= 4; n -= 4, r += 4) {
		call_one(r);
		call_one(r + 1);
		call_one(r + 2);
		call_one(r + 3);
	}
	for (; n > 0; n--, r++) {
		call_one(r);
	}
}

static void
on_interrupt(int sig)
{
	(void)sig;
}

// owner: rcgo_call_take_signal. lock: none; all writers store the same. ordering: relaxed.
static int taken;

static int
is_free(int sig, const struct sigaction *go)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) == 0 &&
	       (now.sa_handler == SIG_DFL || now.sa_handler == on_interrupt ||
		       now.sa_handler == go->sa_handler);
}

static void
take(int sig)
{
	struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_ONSTACK};

	sigfillset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}

// Takes a real-time signal that nobody but Go handles, the same each time. 0: there is none.
int
rcgo_call_take_signal(void)
{
	int sig = __atomic_load_n(&taken, __ATOMIC_RELAXED);
	struct sigaction go;

	// Go handles SIGURG for itself. A filter or an old kernel may have no such signal.
	if (sig != 0 || sigaction(SIGURG, NULL, &go) != 0) {
		return sig;
	}
	for (sig = SIGRTMAX - 2; sig > SIGRTMIN + 1; sig--) {
		if (is_free(sig, &go)) {
			take(sig);
			__atomic_store_n(&taken, sig, __ATOMIC_RELAXED);
			return sig;
		}
	}
	return 0;
}

void
rcgo_call_interrupt(int tid)
{
	int sig = rcgo_call_take_signal();

	if (sig != 0) {
		take(sig); // os/signal may have taken it meanwhile
		syscall(SYS_tgkill, getpid(), tid, sig);
	}
}
