// SPDX-License-Identifier: BSD-3-Clause
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "_cgo_export.h"

static void *
call(void *n)
{
	return (void *)(intptr_t)plugGo((int)(intptr_t)n);
}

// Calls Go on a C thread.
int
plug_back(int n)
{
	pthread_t thread;
	void *result;

	if (pthread_create(&thread, NULL, call, (void *)(intptr_t)n) != 0) {
		return -1;
	}
	pthread_join(thread, &result);
	return (int)(intptr_t)result;
}

static void
on_fault(int sig)
{
	static const char text[] = "C has Go's fault\n";

	(void)sig;
	(void)!write(2, text, sizeof text - 1);
	_exit(7);
}

// Handles faults, like a library that does not know of Go.
void
plug_take_faults(void)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_handler = on_fault;
	sigaction(SIGSEGV, &act, NULL);
}

static __attribute__((noinline)) int
plug_crash(int *p)
{
	*p = 1;
	return *p + 1;
}

__attribute__((noinline)) int
plug_outer(int *p)
{
	return plug_crash(p) + 1;
}
