// SPDX-License-Identifier: BSD-3-Clause
// vforks: a thread is in vfork, whose child waits until the program's input ends.
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];

static void *
another_thread(void *arg)
{
	char c;

	while (read(*(int *)arg, &c, 1) != 1) {
	}
	return NULL;
}

__attribute__((noinline)) static void
start_child(void)
{
	char c;

	if (vfork() == 0) {
		_exit(read(ends[0], &c, 1) != 0);
	}
	wait(NULL);
}

static void *
wait_for_input(void *arg)
{
	char c;

	(void)arg;
	while (read(0, &c, 1) == 1) {
	}
	// The child ends with the pipe.
	_exit(write(ends[1], "x", 1) != 1);
}

int
main(void)
{
	int never[2];
	pthread_t t;

	if (pipe(ends) != 0 || pipe(never) != 0 ||
		pthread_create(&t, NULL, another_thread, &never[0]) != 0 ||
		pthread_create(&t, NULL, wait_for_input, NULL) != 0) {
		return 3;
	}
	puts("ready");
	fflush(stdout);
	start_child();
	return 0;
}
