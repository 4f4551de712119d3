// SPDX-License-Identifier: BSD-3-Clause
// A program that installs handlers without SA_ONSTACK while Go runs, in ways that bypass our
// functions: late deepbind|raw|libc INSTALLER [LIBRARY]. deepbind: by this file as a shared object,
// whose calls go directly to libc; libc: by this program's own call, which does not reach our
// functions if the program loads Go.
#include "hosts.h"

#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int (*install_fn)(int, const struct sigaction *);

int
installer(int sig, const struct sigaction *act)
{
	return sigaction(sig, act, NULL);
}

#ifndef INSTALLER

#	define MAIN_STACK (8u << 20)

static sigjmp_buf after_fault;
static volatile sig_atomic_t urgent, on_alternate;
static install_fn install = installer;

static int
raw(int sig, const struct sigaction *act)
{
	struct {
		void (*handler)(int, siginfo_t *, void *);
		unsigned long flags;
		void (*restorer)(void);
		uint64_t mask;
	} now;

	// libc's restorer, which amd64 requires.
	CHECK(syscall(SYS_rt_sigaction, SIGSEGV, NULL, &now, sizeof now.mask) == 0);
	now.handler = act->sa_sigaction;
	now.flags = (now.flags & 0x04000000) | (unsigned)act->sa_flags;
	now.mask = 0;
	return (int)syscall(SYS_rt_sigaction, sig, &now, NULL, sizeof now.mask);
}

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	if (info->si_addr != (void *)24) {
		static const char text[] = "C's handler has a fault that is not C's\n";

		_Exit(write(2, text, sizeof text - 1) > 0 ? 9 : 8);
	}
	siglongjmp(after_fault, 1);
}

static void
on_urgent(int sig, siginfo_t *info, void *context)
{
	stack_t alternate;

	(void)sig, (void)info, (void)context;
	sigaltstack(NULL, &alternate);
	on_alternate = (alternate.ss_flags & SS_ONSTACK) != 0;
	urgent++;
}

static void
install_all(void)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO | SA_RESTART};

	act.sa_sigaction = on_fault;
	CHECK(install(SIGSEGV, &act) == 0);
	CHECK(install(SIGBUS, &act) == 0);
	act.sa_sigaction = on_urgent;
	CHECK(install(SIGURG, &act) == 0);
	CHECK(install(SIGPROF, &act) == 0);
}

static void *
first_entry(void *unused)
{
	CHECK(libAdd(3, 4) == 7);
	CHECK(libFault() == 1);
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	CHECK(argc >= 2);
	if (strcmp(argv[1], "raw") == 0) {
		install = raw;
	} else if (strcmp(argv[1], "deepbind") == 0) {
		void *lib = dlopen(argv[2], RTLD_NOW | RTLD_DEEPBIND);

		CHECK(lib != NULL);
		*(void **)&install = dlsym(lib, "installer");
		CHECK(install != NULL);
	}
#	ifdef DLOPEN
	load(argv[argc - 1]);
#	endif
	CHECK(libAdd(1, 2) == 3);
	CHECK(libFault() == 1);
	install_all();
	sleep(1); // until the next rescan of the actions
	usleep(50 * 1000);
	CHECK(pthread_create(&thread, NULL, first_entry, NULL) == 0);
	pthread_join(thread, NULL);
	CHECK(libFault() == 1); // also on this thread, which is not new
	CHECK(libPreempt() == 1);
	urgent = 0;
	CHECK(raise(SIGURG) == 0 && urgent >= 1 && on_alternate == 0);
	CHECK(raise(SIGPROF) == 0 && urgent >= 2 && on_alternate == 0);
	if (sigsetjmp(after_fault, 1) == 0) {
		*(volatile int *)24 = 1;
		CHECK(!"a fault is a fault");
	}
	CHECK(libFault() == 1);
	puts("late ok");
	return 0;
}

#endif
