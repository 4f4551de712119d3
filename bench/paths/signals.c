// SPDX-License-Identifier: BSD-3-Clause
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile long called;

static void
count(int sig)
{
	(void)sig;
	called++;
}

static void
count_too(int sig)
{
	(void)sig;
	called++;
}

static int
install(int sig, int flags, void (*handler)(int))
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&act.sa_mask);
	return sigaction(sig, &act, NULL) == 0 ? 0 : errno;
}

int
signals_install(int sig, int flags)
{
	return install(sig, flags, count);
}

int
signals_install_each(int sig, int flags, int n)
{
	int err = 0;

	for (int i = 0; i < n && err == 0; i++) {
		err = install(sig, flags, i % 2 == 0 ? count : count_too);
	}
	return err;
}

long
signals_count(void)
{
	return called;
}
