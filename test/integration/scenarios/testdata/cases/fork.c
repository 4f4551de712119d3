// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "fork.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../../compat/hosts/rest.h"
#include "_cgo_export.h"

static void *
call_go(void *unused)
{
	(void)unused;
	caseForkWork();
	return NULL;
}

static _Noreturn void
child(int what)
{
	pthread_t thread;

	// Go has a handler for SIGALRM, which would do nothing in the child.
	signal(SIGALRM, SIG_DFL);
	alarm(5);
	switch (what) {
	case CHILD_CALLS_GO:
		caseForkWork();
		break;
	case CHILD_THREAD_CALLS_GO:
		if (pthread_create(&thread, NULL, call_go, NULL) == 0) {
			pthread_join(thread, NULL);
		}
		break;
	case CHILD_EXECS:
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	case CHILD_ENDS_THREAD:
		pthread_exit(NULL);
	case CHILD_EXITS:
		exit(0);
	}
	_exit(0);
}

static pid_t
fork_by(int how)
{
	if (how == FORK_CLONE) {
		return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	}
	return fork();
}

// A child of vfork must call exec or _exit in the function that called vfork.
static pid_t
vfork_and_exec(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	return pid;
}

int
fork_and(int how, int what)
{
	int status;
	pid_t pid;

	// A lock of Go's scheduler that another thread holds at the fork is never released in the
	// child, which then hangs, with stock runtime/cgo too.
	if (what == CHILD_CALLS_GO || what == CHILD_THREAD_CALLS_GO) {
		golib_rest(2);
	}
	pid = how == FORK_VFORK ? vfork_and_exec() : fork_by(how);
	if (pid < 0) {
		return -errno;
	}
	if (pid == 0) {
		child(what);
	}
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return status;
}

struct job {
	int how, what, result;
};

static void *
thread_that_forks(void *arg)
{
	struct job *job = arg;

	caseForkWork();
	job->result = fork_and(job->how, job->what);
	caseForkWork();
	return NULL;
}

int
fork_on_thread_and(int how, int what)
{
	struct job job = {how, what, 0};
	pthread_t thread;
	int err = pthread_create(&thread, NULL, thread_that_forks, &job);

	if (err != 0) {
		return -err;
	}
	pthread_join(thread, NULL);
	return job.result;
}
