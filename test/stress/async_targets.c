// SPDX-License-Identifier: BSD-3-Clause
// Stress: a program that spends most of its time where stacks are hard to unwind: in the resolver
// of lazy symbols, the vDSO, signal handlers on other stacks, longjmp, vfork and swapcontext.

#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "plugin.h"

static unsigned sink;

__attribute__((noinline)) static int
deep(int n, int (*work)(void))
{
	int r = n == 0 ? work() : deep(n - 1, work);

	__asm__("" : "+r"(r));
	return r + 1;
}

// Loaded again each time, so that its calls go through the resolver.
static int
lazy(void)
{
	void *library = plugin_open("lazy");
	int (*calls)(const char *);

	*(void **)&calls = dlsym(library, "plugin_calls");
	sink += (unsigned)calls("12");
	dlclose(library);
	return 1;
}

static int
vdso(void)
{
	struct timespec now;

	for (int i = 0; i < 200; i++) {
		clock_gettime(i % 2 == 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME_COARSE, &now);
		sink += (unsigned)now.tv_nsec;
	}
	return 1;
}

static int
compare(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static int
sorts(void)
{
	int numbers[200];
	char text[64];

	for (int i = 0; i < 200; i++) {
		numbers[i] = (int)((unsigned)i * 2654435761u >> 8);
	}
	qsort(numbers, 200, sizeof *numbers, compare);
	snprintf(text, sizeof text, "%d %.17g %s", numbers[0], (double)numbers[1] / 7, "text");
	sink += (unsigned)strlen(text);
	return 1;
}

static void
on_signal(int sig)
{
	if (sig == SIGUSR1) {
		raise(SIGUSR2); // on the same stack again
	}
	deep(3, sorts);
}

static int
nested(void)
{
	raise(SIGUSR1);
	return 1;
}

static int
jumps(void)
{
	static __thread jmp_buf at;

	for (int i = 0; i < 200; i++) {
		if (setjmp(at) == 0) {
			longjmp(at, 1);
		}
	}
	return 1;
}

static int
vforks(void)
{
	pid_t child = vfork();

	if (child == 0) {
		_exit(0);
	}
	if (child > 0) {
		waitpid(child, NULL, 0);
	}
	return 1;
}

static ucontext_t here, there;

static void
on_other_stack(void)
{
	for (;;) {
		deep(5, sorts);
		swapcontext(&there, &here);
	}
}

static int
contexts(void)
{
	static char stack[256 << 10];
	static int made;

	if (!made) {
		made = 1;
		getcontext(&there);
		there.uc_stack.ss_sp = stack;
		there.uc_stack.ss_size = sizeof stack;
		makecontext(&there, on_other_stack, 0);
	}
	for (int i = 0; i < 20; i++) {
		swapcontext(&here, &there);
	}
	return 1;
}

static void *
thread_main(void *arg)
{
	for (int i = 0; i < 50; i++) {
		deep(10, sorts);
		deep(4, jumps);
		deep(6, vdso);
	}
	return arg;
}

static int
threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, NULL) == 0) {
		pthread_join(thread, NULL);
	}
	return 1;
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*work)(void);
	} kinds[] = {{"lazy", lazy}, {"vdso", vdso}, {"sorts", sorts}, {"nested", nested},
		{"jumps", jumps}, {"vforks", vforks}, {"contexts", contexts}, {"threads", threads}};
	static char alternate[64 << 10];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate};
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	time_t end = time(NULL) + 2;

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	while (time(NULL) < end) {
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
			if (argc < 2 || strcmp(argv[1], kinds[i].name) == 0) {
				deep((int)(i * 7), kinds[i].work);
			}
		}
	}
	return 0;
}
