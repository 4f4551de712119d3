// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "altstack.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "_cgo_export.h"

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

// Newer headers of glibc and those of musl hide them.
int sigblock(int mask);
int sigsetmask(int mask);

extern char **environ;

static stack_t
kernel_stack(void)
{
	stack_t st = {.ss_flags = SS_DISABLE};

	syscall(SYS_sigaltstack, NULL, &st);
	return st;
}

size_t
altstack_size(void)
{
	stack_t st = kernel_stack();

	return (st.ss_flags & SS_DISABLE) != 0 ? 0 : st.ss_size;
}

uintptr_t
altstack_at(void)
{
	return (uintptr_t)kernel_stack().ss_sp;
}

int
altstack_turn_off(void)
{
	stack_t off = {.ss_flags = SS_DISABLE};

	return sigaltstack(&off, NULL);
}

static char *own_stack;
static volatile int ran_on_own;

static void
on_own(int sig)
{
	const char *here = __builtin_frame_address(0);

	(void)sig;
	ran_on_own = ran_on_own + (here > own_stack && here < own_stack + 65536);
}

int
altstack_own_and_off(void)
{
	struct sigaction act = {.sa_handler = on_own, .sa_flags = SA_ONSTACK};
	stack_t st = {.ss_size = 65536}, old;
	int before = ran_on_own;

	own_stack = malloc(st.ss_size);
	st.ss_sp = own_stack;
	if (sigaltstack(&st, &old) != 0 || sigaction(SIGUSR2, &act, NULL) != 0 ||
		raise(SIGUSR2) != 0 || ran_on_own != before + 1 ||
		altstack_at() != (uintptr_t)own_stack) {
		return -1;
	}
	if (altstack_turn_off() != 0) {
		return -2;
	}
	free(own_stack);
	return 0;
}

__attribute__((noinline)) static int
recurse(int n)
{
	volatile char frame[100] = {(char)n};

	return n == 0 ? frame[0] : recurse(n - 1) + frame[0];
}

static volatile int depth = 1 << 24;

static void
run_over(int sig)
{
	(void)sig;
	depth = recurse(depth);
}

void
altstack_overflow(void)
{
	struct sigaction act = {.sa_handler = run_over, .sa_flags = SA_ONSTACK};

	sigaction(SIGUSR2, &act, NULL);
	raise(SIGUSR2);
}

static void *
thread(void *own)
{
	static char mine[32768];
	stack_t st = {.ss_sp = mine, .ss_size = sizeof mine};
	size_t size, least = own != NULL ? sizeof mine : 65536;

	if (own != NULL && sigaltstack(&st, NULL) != 0) {
		return "sigaltstack";
	}
	altstackInGo();
	size = altstack_size();
	if (size < least || (own != NULL && altstack_at() != (uintptr_t)mine)) {
		return "another stack after Go";
	}
	if (altstack_turn_off() != 0) {
		return "turn off";
	}
	altstackInGo();
	if (altstack_own_and_off() != 0) {
		return "own and off";
	}
	altstackInGo();
	return altstack_size() < 65536 ? "no stack at the end" : NULL;
}

static int
in_thread(void *(*f)(void *), void *arg)
{
	pthread_t id;
	void *failed = "no thread";

	if (pthread_create(&id, NULL, f, arg) == 0) {
		pthread_join(id, &failed);
	}
	if (failed != NULL) {
		dprintf(2, "%s\n", (const char *)failed);
	}
	return failed != NULL;
}

int
altstack_thread(int own)
{
	return in_thread(thread, own ? environ : NULL);
}

static uint64_t
kernel_mask(void)
{
	uint64_t mask = 0;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, sizeof mask);
	return mask;
}

static uint64_t
bit(int sig)
{
	return (uint64_t)1 << (sig - 1);
}

int
mask_block(int sig, int how)
{
	sigset_t set;
	int err;

	sigemptyset(&set);
	if (sig == 0) {
		sigfillset(&set);
	} else {
		sigaddset(&set, sig);
	}
	switch (how) {
	case 0:
		err = pthread_sigmask(SIG_BLOCK, &set, NULL);
		break;
	case 1:
		err = sigprocmask(SIG_SETMASK, &set, NULL);
		break;
	case 2:
		err = sighold(sig);
		break;
#ifdef __GLIBC__
	case 3:
		err = sigblock(sig == 0 ? -1 : (int)bit(sig));
		break;
	case 4:
		err = sigsetmask(sig == 0 ? -1 : (int)bit(sig));
		break;
#endif
	default:
		err = sigset(sig, SIG_HOLD) == SIG_ERR;
		break;
	}
	return err != 0 ? -1 : (kernel_mask() & bit(sig == 0 ? SIGUSR2 : sig)) != 0;
}

void
mask_open(void)
{
	sigset_t none;

	sigemptyset(&none);
	pthread_sigmask(SIG_SETMASK, &none, NULL);
}

static void *
masked_thread(void *arg)
{
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	altstackInGo();
	// What was blocked before Go started stays blocked until C unblocks it. (Go up to 1.20 has
	// restored it by now.)
	mask_open();
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	altstackInGo();
	return (kernel_mask() & bit(SIGSEGV)) != 0 ? "SIGSEGV is blocked" : NULL;
}

int
mask_thread(void)
{
	return in_thread(masked_thread, NULL);
}

// All signals but those that nobody may block.
static uint64_t
everything(void)
{
	return ~(bit(SIGKILL) | bit(SIGSTOP) | (uint64_t)7 << 31);
}

static void *
thread_without_go(void *arg)
{
	sigset_t all;

	(void)arg;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	return (kernel_mask() & everything()) != everything() ? "a thread without Go" : NULL;
}

static int
blocked_in(pid_t pid)
{
	int status = -1;

	waitpid(pid, &status, 0);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int
mask_elsewhere(void)
{
	static char shell[] = "sh", flag[] = "-c";
	// The masks in /proc: SEGV is 0x400, URG 0x400000.
	static char script[] = "m=$(sed -n 's/^SigBlk:.*\\(........\\)$/\\1/p' /proc/self/status); "
			       "[ $((0x$m & 0x400400)) = $((0x400400)) ]";
	char *argv[] = {shell, flag, script, NULL};
	posix_spawnattr_t attr;
	sigset_t all;
	pid_t pid;

	if (in_thread(thread_without_go, NULL) != 0) {
		return 1;
	}
	sigfillset(&all);
	pid = fork();
	if (pid == 0) {
		pthread_sigmask(SIG_SETMASK, &all, NULL);
		_exit((kernel_mask() & everything()) != everything());
	}
	if (blocked_in(pid) != 0) {
		return 2;
	}
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	if (posix_spawn(&pid, "/bin/sh", NULL, &attr, argv, environ) != 0 || blocked_in(pid) != 0) {
		return 3;
	}
	pid = vfork();
	if (pid == 0) {
		sigprocmask(SIG_SETMASK, &all, NULL);
		execve("/bin/sh", argv, environ);
		_exit(127);
	}
	return blocked_in(pid) != 0 ? 4 : 0;
}
