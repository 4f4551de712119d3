// SPDX-License-Identifier: BSD-3-Clause
// Prints what C code and the kernel see of runtime/cgo: the same with stock and with RCGO=stock.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // pthread_getattr_np
#endif
#include "facts.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
extern void factsCall(void);

// An action in the kernel's layout.
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
	uintptr_t restorer;
	uint64_t mask;
};

static struct kernel_action
kernel_action(int sig)
{
	struct kernel_action act = {0};

	syscall(SYS_rt_sigaction, sig, NULL, &act, sizeof act.mask);
	return act;
}

static void
handler(int sig)
{
	(void)sig;
}

static void
show_action(const char *name, int sig, uintptr_t expected)
{
	struct kernel_action act = kernel_action(sig);

	printf("%s: own handler %d, flags %#lx, mask %#llx\n", name, act.handler == expected,
		act.flags, (unsigned long long)act.mask);
}

// Runs before Go starts.
static __attribute__((constructor)) void
install_early(void)
{
	signal(SIGTSTP, handler);
}

void
facts_actions(void)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = SA_RESTART};

	show_action("installed before Go", SIGTSTP, (uintptr_t)handler);
	sigaction(SIGUSR2, &act, NULL);
	show_action("sigaction", SIGUSR2, (uintptr_t)handler);
	signal(SIGALRM, handler);
	show_action("signal", SIGALRM, (uintptr_t)handler);
	show_action("Go's", SIGSEGV, kernel_action(SIGCHLD).handler);
}

static void
show_thread(const char *which)
{
	pthread_attr_t attr;
	stack_t alt;
	sigset_t segv, mask;
	char name[17] = "";
	size_t size = 0;

	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
	sigaltstack(NULL, &alt);
	sigemptyset(&segv);
	sigaddset(&segv, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &segv, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	pthread_sigmask(SIG_UNBLOCK, &segv, NULL);
	prctl(PR_GET_NAME, name);
	printf("%s: stack %zu, signal stack %zu, SIGSEGV blocked %d, name %s\n", which, size,
		alt.ss_size, sigismember(&mask, SIGSEGV), name);
}

static void *
foreign(void *arg)
{
	factsCall();
	show_thread("C's thread");
	return arg;
}

void
facts_thread(void)
{
	pthread_t t;

	show_thread("Go's thread");
	if (pthread_create(&t, NULL, foreign, NULL) == 0) {
		pthread_join(t, NULL);
	}
}

// The position of the variable in the array, from its end.
void
facts_environ(const char *name)
{
	size_t n = 0, at = 0, size = strlen(name);

	for (; environ[n] != NULL; n++) {
		if (strncmp(environ[n], name, size) == 0 && environ[n][size] == '=') {
			at = n;
		}
	}
	printf("%s: %zu variables follow\n", name, n - at - 1);
}

void
facts_child(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		factsCall();
		_exit(7);
	}
	waitpid(child, &status, 0);
	printf("child: %#x\n", (unsigned)status);
}
