// SPDX-License-Identifier: BSD-3-Clause
// Stress: what an unwind may use: almost no system calls, and 4 KiB of stack.
// usage: sealed SAMPLES    prints TAP

#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "module.h"
#include "unwinder.h"

// A thread under a strict seccomp filter runs code with deep stacks while another thread sends it
// signals. The handler unwinds on a separate stack filled with a pattern. Any other system call
// kills the process, and the overwritten part of the pattern shows the stack use.

#define PAINT 0xa5
#define PCS 64
#define STACK_MOST 4096 // what a handler's walk may use

static unsigned char stack[128 << 10];
static unsigned long samples, wanted, shallow;
static size_t deepest_use;
static bool ended;

// Returns the number of bytes below from that no longer hold the pattern.
static size_t
touched_below(const unsigned char *from)
{
	const unsigned char *at = stack;

	while (at < from && *at == PAINT) {
		at++;
	}
	return (size_t)(from - at);
}

static void
on_signal(int sig, siginfo_t *info, void *ucontext)
{
	uintptr_t pcs[PCS];
	unsigned char *here = __builtin_frame_address(0);
	unsigned char *below = (unsigned char *)(void *)pcs < here ? (void *)pcs : here;
	int saved = errno;
	size_t n, used;

	(void)sig, (void)info;
	errno = 77;
	n = rcgo__unwind_from_handler(ucontext, NULL, pcs, PCS);
	if (errno != 77) {
		abort();
	}
	used = touched_below(below);
	// The part that memset itself uses is filled again the next time.
	memset(stack, PAINT, (size_t)(below - stack) - 256);
	if (samples > 0 && used > deepest_use) {
		deepest_use = used;
	}
	shallow += n < 3; // this thread's first function, and two of libc
	__atomic_add_fetch(&samples, 1, __ATOMIC_RELAXED);
	errno = saved;
}

#define ALLOW(number)                                                  \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(number), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

// Restricts the calling thread to: checking whether memory is readable, returning from a handler,
// and exiting.
static void
seal(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(SYS_rt_sigprocmask),
		ALLOW(SYS_rt_sigreturn),
		ALLOW(SYS_exit),
		ALLOW(SYS_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof code / sizeof *code, code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		printf("1..1\nok 1 - stress: sealed # SKIP no seccomp: %s\n", strerror(errno));
		exit(0);
	}
}

static int
compare(const void *a, const void *b)
{
	return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static unsigned
work(void)
{
	int numbers[100];
	char text[64];

	for (int i = 0; i < 100; i++) {
		numbers[i] = (int)((unsigned)i * 2654435761u >> 8);
	}
	qsort(numbers, 100, sizeof *numbers, compare);
	snprintf(text, sizeof text, "%d %.17g", numbers[0], (double)numbers[1] / 7);
	return (unsigned)strlen(text);
}

__attribute__((noinline)) static unsigned
deep(unsigned n)
{
	unsigned r = n == 0 ? work() : deep(n - 1);

	__asm__("" : "+r"(r));
	return r + 1;
}

static void *
sealed(void *arg)
{
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};

	memset(stack, PAINT, sizeof stack);
	sigaltstack(&alternate, NULL);
	work(); // resolves its lazy symbols before the filter is installed
	seal();
	while (!__atomic_load_n(&ended, __ATOMIC_RELAXED)) {
		deep(20);
	}
	syscall(SYS_exit, 0);
	return arg;
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	struct timespec pause = {0, 20000};
	time_t end = time(NULL) + 20;
	pthread_t thread;

	wanted = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
	rcgo__modules_init();
	action.sa_sigaction = on_signal;
	sigfillset(&action.sa_mask);
	sigaction(SIGUSR1, &action, NULL);
	if (pthread_create(&thread, NULL, sealed, NULL) != 0) {
		return 1;
	}
	nanosleep(&(struct timespec){0, 100000000}, NULL);
	while (__atomic_load_n(&samples, __ATOMIC_RELAXED) < wanted && time(NULL) < end) {
		pthread_kill(thread, SIGUSR1);
		nanosleep(&pause, NULL);
	}
	printf("1..2\n%sok 1 - stress: sealed: nothing but rt_sigprocmask\n",
		samples < wanted / 4 || shallow != 0 ? "not " : "");
	printf("#   %lu samples, %lu of less than 3 frames\n", samples, shallow);
	printf("%sok 2 - stress: sealed: at most %d bytes of stack\n",
		deepest_use == 0 || deepest_use > STACK_MOST ? "not " : "", STACK_MOST);
	printf("#   %zu bytes\n", deepest_use);
	fflush(stdout);
	_exit(samples < wanted / 4 || shallow != 0 || deepest_use > STACK_MOST);
}
