// SPDX-License-Identifier: BSD-3-Clause
// A program that loads Go and forks: forks LIBRARY
// before|during|after|execs|thread-ends|short|at-exit|at-exit-long|locked|locked-short.
// Prints how the child ended.
#define DLOPEN
#include "hosts.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
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

static void
long_call(void)
{
	libAdd(1, 2);
}

// Reads a file of the thread whose number is given as text.
static void
read_of_thread(const char *thread, const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, buf, size - 1);
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
}

// Adds how often all other threads have slept to *switches. Returns whether each of them sleeps in
// futex or epoll: no thread is at work in Go.
static int
others_sleep(unsigned long *switches)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	int asleep = 1;

	CHECK(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		char buf[2048];
		const char *count;
		long call;

		if (entry->d_name[0] == '.' || atol(entry->d_name) == syscall(SYS_gettid)) {
			continue;
		}
		read_of_thread(entry->d_name, "syscall", buf, sizeof buf);
		call = buf[0] >= '0' && buf[0] <= '9' ? atol(buf) : -1;
		asleep &= call == SYS_futex || call == SYS_epoll_pwait;
		read_of_thread(entry->d_name, "status", buf, sizeof buf);
		count = strstr(buf, "\nvoluntary_ctxt_switches:");
		*switches += count != NULL ? strtoul(count + 25, NULL, 10) : 0;
	}
	closedir(dir);
	return asleep;
}

// Waits until no other thread has done anything between two looks. A thread at work in Go may hold
// what a call in the child needs, and then that waits for ever, with stock too.
static void
await_quiet(void)
{
	unsigned long before, after = 0;
	int asleep;

	do {
		before = after;
		after = 0;
		usleep(2000);
		asleep = others_sleep(&after);
	} while (!asleep || before != after);
}

static int
is_locked(void)
{
	return is("locked") || is("locked-short");
}

// For locked*: a thread that waits in Go, with a lock of the Go runtime, for room in a pipe.
static pthread_t printer;
static int printer_tid, pipe_of_printer[2], standard_error;

static void *
print_into_pipe(void *unused)
{
	printer_tid = (int)syscall(SYS_gettid);
	libPrint();
	return unused;
}

static void
start_printer(void)
{
	char text[65536], call[256];

	CHECK(pipe(pipe_of_printer) == 0);
	CHECK(fcntl(pipe_of_printer[1], F_SETFL, O_NONBLOCK) == 0);
	memset(text, '.', sizeof text);
	while (write(pipe_of_printer[1], text, sizeof text) > 0) {
	}
	CHECK(fcntl(pipe_of_printer[1], F_SETFL, 0) == 0);
	standard_error = dup(2);
	CHECK(standard_error >= 0 && dup2(pipe_of_printer[1], 2) == 2);
	CHECK(pthread_create(&printer, NULL, print_into_pipe, NULL) == 0);
	do {
		char tid[16];

		usleep(1000);
		snprintf(tid, sizeof tid, "%d", printer_tid);
		read_of_thread(tid, "syscall", call, sizeof call);
	} while (call[0] < '0' || call[0] > '9' || atol(call) != SYS_write);
}

static void
stop_printer(void)
{
	char text[65536];

	CHECK(dup2(standard_error, 2) == 2);
	close(pipe_of_printer[1]);
	while (read(pipe_of_printer[0], text, sizeof text) > 0) {
	}
	CHECK(pthread_join(printer, NULL) == 0);
}

static _Noreturn void
child_of_locked(void)
{
	CHECK(dup2(standard_error, 2) == 2);
	for (int i = 0; i < 1000; i++) {
		libGot(0); // needs no lock
	}
	if (is("locked")) {
		libPrint();
	}
	_exit(0);
}

static _Noreturn void
child(void)
{
	signal(SIGALRM, SIG_DFL);
	alarm(60);
	if (is_locked()) {
		child_of_locked();
	}
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
	if (is("at-exit-long")) {
		atexit(long_call);
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
	if (is("short") || is_locked() || is("at-exit") || is("at-exit-long") || is("after")) {
		await_quiet();
	}
	if (is_locked()) {
		start_printer();
	}
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		child();
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	if (is_locked()) {
		stop_printer();
	}
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
