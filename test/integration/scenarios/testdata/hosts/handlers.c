// SPDX-License-Identifier: BSD-3-Clause
// A C program with signal handlers of its own. Go is linked in, or with -DDLOPEN loaded.
#include "hosts.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

static sigjmp_buf after_fault;
static volatile sig_atomic_t user_signals;
static struct sigaction before;

static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)context;
	if (info->si_addr != (void *)24) {
		_Exit(9);
	}
	siglongjmp(after_fault, 1);
}

// Checks that the handler has the stack and the mask that it asked for, whatever was installed in
// between.
static void
on_user(int sig)
{
	sigset_t mask;
	stack_t alternate;

	(void)sig;
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGUSR2) == 1 && sigismember(&mask, SIGTERM) == 0);
	CHECK(sigaltstack(NULL, &alternate) == 0 && (alternate.ss_flags & SS_ONSTACK) == 0);
	user_signals++;
}

static volatile sig_atomic_t alarms;

// Must be called with SIGTERM blocked and its own signal not blocked, and once.
static void
on_alarm(int sig, siginfo_t *info, void *context)
{
	sigset_t mask;

	(void)context;
	CHECK(info->si_signo == sig);
	CHECK(sigprocmask(SIG_SETMASK, NULL, &mask) == 0);
	CHECK(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGALRM) == 0);
	alarms++;
}

// Runs before Go's constructor.
__attribute__((constructor(101))) static void
install(void)
{
	struct sigaction fault = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
	struct sigaction user = {.sa_flags = SA_RESTART};
	struct sigaction alarm = {.sa_flags = SA_SIGINFO | SA_NODEFER | (int)SA_RESETHAND};

	fault.sa_sigaction = on_fault;
	user.sa_handler = on_user;
	sigaddset(&user.sa_mask, SIGUSR2);
	alarm.sa_sigaction = on_alarm;
	sigaddset(&alarm.sa_mask, SIGTERM);
	CHECK(sigaction(SIGALRM, &alarm, NULL) == 0);
	CHECK(sigaction(SIGSEGV, &fault, NULL) == 0);
	CHECK(sigaction(SIGUSR1, &user, NULL) == 0);
	CHECK(sigaction(SIGUSR1, NULL, &before) == 0);
}

static int
faults_in_c(void)
{
	if (sigsetjmp(after_fault, 1) == 0) {
		*(volatile int *)24 = 1;
		return 0;
	}
	return 1;
}

static void *
raise_on_thread(void *unused)
{
	CHECK(faults_in_c());
	CHECK(raise(SIGUSR1) == 0);
	return unused;
}

// SIGUSR1 must have its first handler, flags and mask: the host must not see that Go makes handlers
// use the signal stack (golang/go#78883). A host that loads Go asks libc, which cannot know that;
// it can only restore the answer.
static void
check_first_action(void)
{
	struct sigaction now;

	CHECK(sigaction(SIGUSR1, NULL, &now) == 0);
#ifdef DLOPEN
	CHECK(sigaction(SIGUSR1, &now, NULL) == 0);
	return;
#endif
	CHECK(now.sa_handler == before.sa_handler);
	CHECK(now.sa_flags == before.sa_flags);
	CHECK(sigismember(&now.sa_mask, SIGUSR2) == 1);
	CHECK(sigismember(&now.sa_mask, SIGTERM) == 0);
}

// Go has restored the handler with everything that it was installed with (golang/go#32659).
static void
check_alarm(void)
{
	struct sigaction now;

	CHECK(raise(SIGALRM) == 0 && alarms == 1);
	CHECK(sigaction(SIGALRM, NULL, &now) == 0);
	CHECK(now.sa_handler == SIG_DFL);
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	(void)argc, (void)argv;
#ifdef DLOPEN
	load(argv[1]);
#endif
	CHECK(libAdd(1, 2) == 3);
	check_first_action(); // Go in a library takes no signal that was not requested
	CHECK(libFault() == 1);
	CHECK(faults_in_c()); // Go handles SIGSEGV now and forwards faults that are not its own
	CHECK(raise(SIGUSR1) == 0 && user_signals == 1);

	libNotify(SIGALRM);
	CHECK(raise(SIGALRM) == 0);
	CHECK(libGot(1) == 1);
	libStop();
	check_alarm();

	libNotify(SIGUSR1);
	CHECK(raise(SIGUSR1) == 0);
	CHECK(libGot(2) == 2);
	CHECK(pthread_create(&thread, NULL, raise_on_thread, NULL) == 0);
	pthread_join(thread, NULL);
	CHECK(libGot(3) == 3);
	CHECK(user_signals == 1);

	libStop(); // Go restores the handler
	check_first_action();
	CHECK(raise(SIGUSR1) == 0 && user_signals == 2);
	CHECK(libFault() == 1);
	puts("handlers ok");
	return 0;
}
