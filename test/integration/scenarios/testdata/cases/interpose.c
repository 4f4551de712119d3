// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "interpose.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

// Newer headers hide it; musl's lack the others.
void (*bsd_signal(int sig, void (*f)(int)))(int);
#ifndef __GLIBC__
void (*sysv_signal(int sig, void (*f)(int)))(int);
void (*ssignal(int sig, void (*f)(int)))(int);
#endif

static long count, on_altstack;
static int one_shot_again; // the signal that sysv_signal must get once more

// The handler uses enough stack that a missing alternate stack is noticed.
static void
handler(int sig)
{
	volatile char some[3000];
	stack_t stack;
	int saved = errno;

	memset((void *)some, 0xee, sizeof some);
	if (sigaltstack(NULL, &stack) == 0 && (stack.ss_flags & SS_ONSTACK) != 0) {
		__atomic_fetch_add(&on_altstack, 1, __ATOMIC_SEQ_CST);
	}
	if (one_shot_again == sig) {
		sysv_signal(sig, handler);
	}
	__atomic_fetch_add(&count, some[17] != 0, __ATOMIC_SEQ_CST);
	errno = saved;
}

int
interpose_install(int sig, int how)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	one_shot_again = how == 4 ? sig : 0;
	switch (how) {
	case 1:
		return signal(sig, handler) == SIG_ERR;
	case 2:
		return sigset(sig, handler) == SIG_ERR;
	case 3:
		return bsd_signal(sig, handler) == SIG_ERR;
	case 4:
		return sysv_signal(sig, handler) == SIG_ERR;
	case 5:
		return ssignal(sig, handler) == SIG_ERR;
	default:
		return sigaction(sig, &action, NULL);
	}
}

int
interpose_restore(int sig)
{
	void (*before)(int) = sysv_signal(sig, handler);

	return before == SIG_ERR || sysv_signal(sig, before) != handler;
}

long
interpose_count(void)
{
	return __atomic_load_n(&count, __ATOMIC_SEQ_CST);
}

long
interpose_on_altstack(void)
{
	return __atomic_load_n(&on_altstack, __ATOMIC_SEQ_CST);
}

struct stress {
	int sig, n;
};

// Not to the process: the kernel would nearly always choose a thread that waits in C.
static void
send_to_all(int sig)
{
	DIR *tasks = opendir("/proc/self/task");

	for (struct dirent *d; tasks != NULL && (d = readdir(tasks)) != NULL;) {
		long tid = atol(d->d_name);

		if (tid > 0 && tid != syscall(SYS_gettid)) {
			syscall(SYS_tgkill, getpid(), tid, sig);
		}
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
}

static void *
send_stress(void *arg)
{
	struct stress *s = arg;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	// Repeats as often as needed: while a signal is pending, a further one of its kind is lost.
	while (interpose_count() < s->n) {
		send_to_all(s->sig);
	}
	return NULL;
}

void
interpose_stress(int sig, int n)
{
	struct stress s = {sig, n};
	pthread_t thread;

	if (pthread_create(&thread, NULL, send_stress, &s) == 0) {
		pthread_join(thread, NULL);
	}
}

void
interpose_raise(int sig, int n)
{
	for (int i = 0; i < n; i++) {
		raise(sig);
	}
}

static ucontext_t waiting, coroutine;
static int raise_what, raise_times;

static void
raise_in_coroutine(void)
{
	interpose_raise(raise_what, raise_times);
}

int
interpose_raise_on_own_stack(int sig, int n)
{
	size_t size = 256 * 1024;
	char *stack = malloc(size);
	volatile char below[16384];
	int changed = 0;

	raise_what = sig;
	raise_times = n;
	memset((void *)below, 0x5a, sizeof below);
	getcontext(&coroutine);
	coroutine.uc_stack.ss_sp = stack;
	coroutine.uc_stack.ss_size = size;
	coroutine.uc_link = &waiting;
	makecontext(&coroutine, raise_in_coroutine, 0);
	swapcontext(&waiting, &coroutine);
	for (size_t i = 0; i < sizeof below; i++) {
		changed += below[i] != 0x5a;
	}
	free(stack);
	return changed;
}

// As in runtime_cgo.h.
void rcgo_signal_dump(int fd) __attribute__((weak));

static void
dump_here(int sig)
{
	(void)sig;
	if (rcgo_signal_dump != NULL) {
		rcgo_signal_dump(STDOUT_FILENO);
	}
}

void
interpose_dump_from_handler(int sig)
{
	struct sigaction action = {.sa_handler = dump_here, .sa_flags = (int)SA_RESETHAND};

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGTERM);
	sigaction(sig, &action, NULL);
	raise(sig);
}

static void *
fault_here(void *address)
{
	*(volatile int *)address = 1;
	return NULL;
}

static void *
abort_here(void *unused)
{
	(void)unused;
	abort();
}

static pthread_barrier_t barrier;

static void *
fault_together(void *address)
{
	pthread_barrier_wait(&barrier);
	return fault_here(address);
}

static void
on_threads(void *(*f)(void *), int n)
{
	pthread_t threads[16];

	for (int i = 0; i < n; i++) {
		if (pthread_create(&threads[i], NULL, f, (void *)8) != 0) {
			exit(9);
		}
	}
	for (int i = 0; i < n; i++) {
		pthread_join(threads[i], NULL);
	}
}

void
interpose_thread_faults(void)
{
	on_threads(fault_here, 1);
}

void
interpose_thread_aborts(void)
{
	on_threads(abort_here, 1);
}

void
interpose_threads_fault(int n)
{
	pthread_barrier_init(&barrier, NULL, (unsigned)n);
	on_threads(fault_together, n);
}

int
interpose_recurse(int n)
{
	volatile char some[4096];

	some[n % 4096] = (char)n;
	return n > 0 ? interpose_recurse(n - 1) + some[n % 4096] : 0;
}
