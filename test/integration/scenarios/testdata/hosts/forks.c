// SPDX-License-Identifier: BSD-3-Clause
// A program that loads Go and forks: forks LIBRARY
// before|during|after|execs|thread-ends|short|at-exit. Prints how the child ended.
#define DLOPEN
#include "hosts.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *what, *library;

static int
is(const char *name)
{
	return strcmp(what, name) == 0;
}

static void
short_call(void)
{
	libGot(0);
}

static _Noreturn void
child(void)
{
	signal(SIGALRM, SIG_DFL);
	alarm(5);
	if (is("before")) {
		load(library);
	}
	if (is("execs")) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	if (is("thread-ends")) {
		pthread_exit(NULL); // the last thread of the child: it ends with 0
	}
	if (is("short")) { // a call for which Go needs no other thread
		for (int i = 0; i < 1000; i++) {
			libGot(0);
		}
		_exit(0);
	}
	if (is("at-exit")) { // like a finalizer of the host
		atexit(short_call);
		exit(0);
	}
	_exit(libAdd(1, 2) == 3 ? 0 : 9);
}

static void *
parent(void *unused)
{
	int status;
	pid_t pid;

	if (!is("before")) {
		load(library);
		CHECK(is("during") || libAdd(2, 3) == 5);
	}
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		child();
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (WIFSIGNALED(status)) {
		printf("child: signal %d\n", WTERMSIG(status));
	} else {
		printf("child: exit %d\n", WEXITSTATUS(status));
	}
	if (is("before")) {
		load(library);
	}
	CHECK(libAdd(3, 4) == 7); // the parent still works
	return unused;
}

int
main(int argc, char **argv)
{
	pthread_t thread;

	CHECK(argc == 3);
	library = argv[1];
	what = argv[2];
	CHECK(pthread_create(&thread, NULL, parent, NULL) == 0);
	pthread_join(thread, NULL);
	puts("forks ok");
	return 0;
}
