// SPDX-License-Identifier: BSD-3-Clause
// A C program that has handlers, loads Go, and queries its handlers by libc: its calls do not reach
// our functions. It must see the handlers that it installed, and be able to restore them.
#define DLOPEN
#include "hosts.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile sig_atomic_t calls;

static void
on_any(int sig)
{
	(void)sig;
	calls++;
}

static void
on_info(int sig, siginfo_t *info, void *context)
{
	(void)context;
	CHECK(info->si_signo == sig);
	calls++;
}

// One handler for several signals, as language runtimes have; elsewhere these signals may stop
// threads.
static const int plain[] = {
	SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, SIGALRM, SIGWINCH, 40};

static void
install(void)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO | SA_NODEFER | SA_NOCLDSTOP};
	struct sigaction ignored = {.sa_flags = SA_RESTART}, reaped = {.sa_flags = SA_NOCLDWAIT};

	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		CHECK(signal(plain[i], on_any) == SIG_DFL);
	}
	act.sa_sigaction = on_info;
	sigaddset(&act.sa_mask, SIGTERM);
	CHECK(sigaction(SIGQUIT, &act, NULL) == 0);
	ignored.sa_handler = SIG_IGN;
	sigaddset(&ignored.sa_mask, SIGUSR2);
	CHECK(sigaction(SIGTSTP, &ignored, NULL) == 0);
	reaped.sa_handler = SIG_DFL;
	CHECK(sigaction(SIGTTOU, &reaped, NULL) == 0);
}

static void
check_raised(int sig)
{
	calls = 0;
	CHECK(raise(sig) == 0 && calls == 1);
}

// The kernel's flag SA_RESTORER, which libc shows.
#define SHOWN_RESTORER 0x04000000

// Go adds SA_ONSTACK, as stock Go does.
static void
check_action(int sig, const void *handler, int flags, int masked)
{
	struct sigaction now;
	void *seen;

	CHECK(sigaction(sig, NULL, &now) == 0);
	memcpy(&seen, &now.sa_handler, sizeof seen);
	CHECK(seen == handler);
	CHECK((now.sa_flags & ~(SA_ONSTACK | SHOWN_RESTORER)) == flags);
	for (int other = 1; other < 32; other++) {
		CHECK(sigismember(&now.sa_mask, other) == (other == masked));
	}
}

static void
check(void)
{
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		check_action(plain[i], (void *)on_any, SA_RESTART, plain[i]);
		check_raised(plain[i]);
		CHECK(signal(plain[i], SIG_IGN) == on_any);
		CHECK(signal(plain[i], on_any) == SIG_IGN);
		check_raised(plain[i]);
	}
	check_action(SIGQUIT, (void *)on_info, SA_SIGINFO | SA_NODEFER | SA_NOCLDSTOP, SIGTERM);
	check_raised(SIGQUIT);
	check_action(SIGTSTP, (void *)SIG_IGN, SA_RESTART, SIGUSR2);
	check_action(SIGTTOU, (void *)SIG_DFL, SA_NOCLDWAIT, 0);
}

int
main(int argc, char **argv)
{
	static const int taken[] = {SIGINT, SIGUSR1, SIGQUIT, SIGTSTP, SIGTTOU};

	CHECK(argc > 1);
	install();
	load(argv[1]);
	CHECK(libAdd(1, 2) == 3);
	check();
	for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
		libNotify(taken[i]);
		CHECK(raise(taken[i]) == 0);
		CHECK(libGot((int)i + 1) == (int)i + 1);
	}
	libStop();
	check();
	puts("asks ok");
	return 0;
}
