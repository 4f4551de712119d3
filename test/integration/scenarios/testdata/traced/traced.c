// SPDX-License-Identifier: BSD-3-Clause
#include "traced.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "_cgo_export.h"

void
raise_usr1(void)
{
	raise(SIGUSR1);
}

static void
ignore(int sig)
{
	(void)sig;
}

void
raise_usr2(int n)
{
	struct sigaction act = {.sa_handler = ignore, .sa_flags = SA_ONSTACK | SA_RESTART};

	sigaction(SIGUSR2, &act, NULL);
	for (int i = 0; i < n; i++) {
		raise(SIGUSR2);
	}
}

void
call_often(int n)
{
	for (int i = 0; i < n; i++) {
		tracedNothing();
	}
}

static void *
call(void *unused)
{
	tracedNothing();
	return unused;
}

void
call_on_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, call, NULL) != 0) {
		abort();
	}
	pthread_join(thread, NULL);
}
