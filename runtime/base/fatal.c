// SPDX-License-Identifier: BSD-3-Clause
// Base: ends the process with a message. Runs on any stack, including a signal stack.

//go:build unix

//rcgo:small

#include "fatal.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "strbuf.h"

void
rcgo__say(const char *message)
{
	char buf[2048];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "runtime/cgo: ");
	rcgo__append_str(&t, message);
	rcgo__append_str(&t, "\n");
	rcgo__strbuf_write(&t, STDERR_FILENO);
}

void
rcgo__fatal(const char *message)
{
	rcgo__say(message);
	abort();
}

void
rcgo__fatal_unreported(const char *message)
{
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	sigset_t abrt;

	rcgo__say(message);
	// abort is not used, because it may take a lock that another thread held at the fork.
	sigaction(SIGABRT, &dfl, NULL);
	sigemptyset(&abrt);
	sigaddset(&abrt, SIGABRT);
	pthread_sigmask(SIG_UNBLOCK, &abrt, NULL);
	// raise is not used, because the C library may cache the parent's thread id. Another thread
	// may take the signal, so give it time.
	kill(getpid(), SIGABRT);
	sleep(1);
	_exit(128 + SIGABRT);
}

void
rcgo__fatal_errno(const char *call, int err)
{
	char buf[256];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, call);
	rcgo__append_str(&t, " failed: ");
	rcgo__append_errno(&t, err);
	rcgo__fatal(buf);
}
