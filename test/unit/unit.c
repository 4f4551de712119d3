// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: child processes and their results.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// True in a program that was built with a leak detector.
extern void __lsan_do_leak_check(void) __attribute__((weak));

static long
milliseconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

// Reads from fd until all writers have closed it; kills pid if that takes too long.
static void
collect(struct unit_end *end, int fd, pid_t pid)
{
	long deadline = milliseconds() + UNIT_SECONDS * 1000 * (long)unit_slowness();
	char spill[4096];

	end->len = 0;
	end->late = false;
	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		size_t room = sizeof end->err - 1 - end->len;
		long left = deadline - milliseconds();
		ssize_t n;

		if (left <= 0 || (n = poll(&p, 1, (int)left)) == 0) {
			end->late = true;
			kill(pid, SIGKILL);
			break;
		}
		n = read(
			fd, room > 0 ? end->err + end->len : spill, room > 0 ? room : sizeof spill);
		if (n == 0 || (n < 0 && errno != EINTR)) {
			break;
		}
		end->len += n > 0 && room > 0 ? (size_t)n : 0;
	}
	end->err[end->len] = 0;
}

// Removes the lines that begin with start: the emulator's messages about signals.
static void
drop_lines(struct unit_end *end, const char *start)
{
	char *line = end->err;

	while (*line != 0) {
		char *next = line + strcspn(line, "\n");

		next += *next == '\n';
		if (strncmp(line, start, strlen(start)) == 0) {
			memmove(line, next, strlen(next) + 1);
		} else {
			line = next;
		}
	}
	end->len = strlen(end->err);
}

void
unit_fork(struct unit_end *end, void (*body)(void *), void *arg)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0 || (pid = fork()) < 0) {
		unit_fail(__FILE__, __LINE__, "pipe or fork: %s", strerror(errno));
	}
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		close(fds[0]);
		close(fds[1]);
		body(arg);
		_exit(0);
	}
	close(fds[1]);
	collect(end, fds[0], pid);
	close(fds[0]);
	while (waitpid(pid, &end->status, 0) < 0 && errno == EINTR) {
	}
	if (unit_emulated()) {
		drop_lines(end, "qemu: ");
	}
}

static unsigned
threads_if_known(void)
{
	return access("/proc/self/task", R_OK) == 0 && dup(STDERR_FILENO) >= 0 ? unit_threads() : 0;
}

static void
run_body(void *arg)
{
	const struct unit_test *test = arg;
	uid_t uid = getuid();

	// Resets what the test framework may have set.
	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_DFL);
	}
	test->body();
	// The leak detector reads /proc and reports what other threads hold as leaked.
	if (__lsan_do_leak_check != NULL && getuid() == uid && threads_if_known() == 1) {
		__lsan_do_leak_check();
	}
}

void
unit_run(struct unit_end *end, const struct unit_test *test)
{
	struct unit_test copy = *test;

	unit_fork(end, run_body, &copy);
	if (end->late) {
		strcpy(end->err + (end->len < sizeof end->err - 64 ? end->len : 0),
			"\ntook too long: killed");
	}
}

void
unit_print_comment(const char *text)
{
	while (*text != 0) {
		size_t n = strcspn(text, "\n");

		printf("# %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
	fflush(stdout);
}

void
unit_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
	_exit(UNIT_SKIPPED);
}

void
unit_fail(const char *file, int line, const char *format, ...)
{
	const char *slash = strrchr(file, '/');
	va_list args;

	dprintf(STDERR_FILENO, "%s:%d: ", slash != NULL ? slash + 1 : file, line);
	va_start(args, format);
	vdprintf(STDERR_FILENO, format, args);
	va_end(args);
	dprintf(STDERR_FILENO, "\n");
	_exit(1);
}

void
unit_check_int(const char *file, int line, const char *what, long long got, long long want)
{
	if (got != want) {
		unit_fail(file, line, "%s = %lld (0x%llx), want %lld (0x%llx)", what, got,
			(unsigned long long)got, want, (unsigned long long)want);
	}
}

void
unit_check_str(const char *file, int line, const char *what, const char *got, const char *want)
{
	if (strcmp(got, want) != 0) {
		unit_fail(file, line, "%s = \"%s\", want \"%s\"", what, got, want);
	}
}

void
unit_check_has(const char *file, int line, const char *text, const char *part, bool has)
{
	if ((strstr(text, part) != NULL) != has) {
		unit_fail(file, line, "%s \"%s\" in:\n%s", has ? "no" : "unwanted", part, text);
	}
}

void
unit_check_aborts(const char *file, int line, struct unit_end *end, void (*body)(void *), void *arg)
{
	unit_fork(end, body, arg);
	if (end->late || !WIFSIGNALED(end->status) || WTERMSIG(end->status) != SIGABRT) {
		unit_fail(file, line, "want SIGABRT, got status 0x%x%s and this:\n%s", end->status,
			end->late ? " (took too long)" : "", end->err);
	}
	unit_check_has(file, line, end->err, "runtime/cgo: ", true);
}

void
unit_check_ends_well(
	const char *file, int line, struct unit_end *end, void (*body)(void *), void *arg)
{
	unit_fork(end, body, arg);
	if (WIFEXITED(end->status) && WEXITSTATUS(end->status) == UNIT_SKIPPED) {
		unit_skip("%s", end->err);
	}
	if (end->late || end->status != 0) {
		unit_fail(file, line, "child: status 0x%x%s and this:\n%s", end->status,
			end->late ? " (took too long)" : "", end->err);
	}
}

bool
unit_emulated(void)
{
	return getenv("UNIT_EMULATED") != NULL;
}

unsigned
unit_slowness(void)
{
	const char *text = getenv("UNIT_SLOWNESS");
	int times = text == NULL ? 1 : atoi(text);

	return times < 1 ? 1 : (unsigned)times;
}
