// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long handled;
static int on_altstack;
static unsigned long seen_mask;

int
sig_get(int sig, struct sig_action *action)
{
	return syscall(SYS_rt_sigaction, sig, NULL, action, 8) == 0 ? 0 : errno;
}

int
sig_raise(int sig)
{
	return pthread_kill(pthread_self(), sig);
}

static sem_t ready, go_on;

static void *
wait_in_c(void *unused)
{
	sem_post(&ready);
	while (sem_wait(&go_on) != 0) {
	}
	return unused;
}

int
sig_to_thread(int sig)
{
	pthread_t thread;
	int err;

	sem_init(&ready, 0, 0);
	sem_init(&go_on, 0, 0);
	err = pthread_create(&thread, NULL, wait_in_c, NULL);
	if (err != 0) {
		return err;
	}
	while (sem_wait(&ready) != 0) {
	}
	err = pthread_kill(thread, sig);
	sem_post(&go_on);
	pthread_join(thread, NULL);
	return err;
}

struct reader {
	int fd, interrupted, err;
};

static void *
read_one(void *arg)
{
	struct reader *r = arg;
	char byte;
	ssize_t n;

	while ((n = read(r->fd, &byte, 1)) < 0 && errno == EINTR) {
		r->interrupted = 1;
	}
	r->err = n == 1 ? 0 : EIO;
	return NULL;
}

int
sig_during_read(int sig, int *restarted)
{
	struct reader r = {0};
	struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	pthread_t thread;
	int fds[2];
	int err;

	if (pipe(fds) != 0) {
		return errno;
	}
	r.fd = fds[0];
	err = pthread_create(&thread, NULL, read_one, &r);
	if (err == 0) {
		for (int i = 0; i < 4; i++) {
			nanosleep(&pause, NULL);
			pthread_kill(thread, sig);
		}
		nanosleep(&pause, NULL);
		err = write(fds[1], "x", 1) == 1 ? 0 : errno;
		pthread_join(thread, NULL);
		err = err != 0 ? err : r.err;
	}
	close(fds[0]);
	close(fds[1]);
	*restarted = !r.interrupted;
	return err;
}

static void
handler(int sig, siginfo_t *info, void *context)
{
	stack_t stack;
	sigset_t mask;

	(void)sig, (void)info, (void)context;
	if (sigaltstack(NULL, &stack) == 0) {
		on_altstack = (stack.ss_flags & SS_ONSTACK) != 0;
	}
	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	memcpy(&seen_mask, &mask, sizeof seen_mask);
	__atomic_fetch_add(&handled, 1, __ATOMIC_SEQ_CST);
}

int
sig_install(int sig, int flags)
{
	struct sigaction action = {.sa_flags = flags | SA_SIGINFO};

	action.sa_sigaction = handler;
	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	sigaddset(&action.sa_mask, SIGRTMAX);
	return sigaction(sig, &action, NULL) == 0 ? 0 : errno;
}

long
sig_count(void)
{
	return __atomic_load_n(&handled, __ATOMIC_SEQ_CST);
}

int
sig_was_on_altstack(void)
{
	return on_altstack;
}

unsigned long
sig_seen_mask(void)
{
	return seen_mask;
}

void
sig_segv(void)
{
	*(volatile int *)8 = 1;
}

static void
early_segv(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "C's handler from before Go\n";

	(void)sig, (void)context;
	if (info->si_addr == (void *)8 && write(STDOUT_FILENO, text, sizeof text - 1) > 0) {
		_exit(7);
	}
	_exit(8);
}

static long pipes;
static int depth, deepest;
static unsigned long pipe_mask;

// Raises the signal from within the handler while it is nested fewer than three deep.
static void
early_pipe(int sig)
{
	sigset_t mask;

	pthread_sigmask(SIG_SETMASK, NULL, &mask);
	memcpy(&pipe_mask, &mask, sizeof pipe_mask);
	pipes++;
	deepest = ++depth > deepest ? depth : deepest;
	if (depth < 3 && strcmp(getenv("SIG_PIPE"), "nodefer") == 0) {
		raise(sig);
	}
	depth--;
}

struct sig_pipes
sig_pipes(void)
{
	return (struct sig_pipes){pipes, deepest, pipe_mask};
}

static void
early_pipes(const char *how)
{
	struct sigaction action = {.sa_handler = early_pipe};

	sigemptyset(&action.sa_mask);
	sigaddset(&action.sa_mask, SIGUSR1);
	action.sa_flags = strcmp(how, "nodefer") == 0 ? SA_NODEFER : SA_RESTART;
	action.sa_flags |= strcmp(how, "once") == 0 ? (int)SA_RESETHAND : 0;
	sigaction(SIGPIPE, &action, NULL);
}

// Runs before Go.
__attribute__((constructor)) static void
early(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	if (getenv("SIG_PIPE") != NULL) {
		early_pipes(getenv("SIG_PIPE"));
	}
	if (getenv("SIG_EARLY") != NULL) {
		action.sa_sigaction = early_segv;
		sigaction(SIGSEGV, &action, NULL);
		signal(SIGHUP, SIG_IGN);
	}
}
