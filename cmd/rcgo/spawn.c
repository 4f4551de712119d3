// SPDX-License-Identifier: BSD-3-Clause
// Runs another program and returns its output.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static _Noreturn void
child(const char *dir, char *const argv[], enum spawn_stderr how, int out, int failed)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	// A compiler or linker must not read the input of the user's program.
	if (null >= 0) {
		dup2(null, 0);
	}
	dup2(out, 1);
	if (how == STDERR_MERGE) {
		dup2(out, 2);
	} else if (how == STDERR_DROP && null >= 0) {
		dup2(null, 2);
	}
	if (dir == NULL || chdir(dir) == 0) {
		execv(argv[0], argv);
	}
	int err = errno;
	ssize_t n = write(failed, &err, sizeof err);

	_exit(n == sizeof err ? 127 : 126);
}

// The maximum output of a program. A go command prints a few kilobytes.
enum { OUTPUT_MOST = 64 << 20 };

// A program that downloads a toolchain may take minutes.
#define WAIT_SECONDS 600

long
spawn_seconds(void)
{
	const char *wanted = getenv("RCGO_WAIT");
	char *end = NULL;
	long seconds;

	if (wanted == NULL || *wanted == '\0') {
		return WAIT_SECONDS;
	}
	errno = 0;
	seconds = strtol(wanted, &end, 10);
	if (*end != '\0' || errno != 0 || seconds < 1 || seconds > INT32_MAX) {
		fail(fmt("RCGO_WAIT=%s is not a number of seconds", wanted),
			"RCGO_WAIT says how long rcgo waits for a program that it asks, such as "
			"`go env`",
			fmt("set it to a number from 1 on, or unset it: %d", WAIT_SECONDS));
	}
	return seconds;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// Waits until fd can be read. Returns false when the time is over.
static bool
readable(int fd, int64_t until)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int64_t left;
	int n;

	do {
		left = until - now_ms();
		n = left <= 0 ? 0 : poll(&p, 1, left < INT32_MAX ? (int)left : INT32_MAX);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

// Reads to the end. Returns 0, EFBIG if there is too much, or ETIMEDOUT when the time is over.
static int
read_all(int fd, int64_t until, char **text)
{
	size_t n = 0, room = 4096;
	char *buf = xalloc(room);

	while (readable(fd, until)) {
		ssize_t got = read(fd, buf + n, room - n - 1);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			buf[n] = '\0';
			*text = buf;
			return 0;
		}
		n += (size_t)got;
		if (n > OUTPUT_MOST) {
			return EFBIG;
		}
		if (n + 1 == room) {
			char *more = xalloc(2 * room);

			memcpy(more, buf, n);
			buf = more;
			room *= 2;
		}
	}
	return ETIMEDOUT;
}

// Waits for the end of a program that has closed its output. Returns 0, or ETIMEDOUT when the
// time is over. Most programs have ended by now.
static int
wait_for_end(pid_t pid, int64_t until, int *status)
{
	struct timespec nap = {.tv_nsec = 100 * 1000};
	pid_t got;

	while ((got = waitpid(pid, status, WNOHANG)) == 0) {
		if (now_ms() >= until) {
			return ETIMEDOUT;
		}
		nanosleep(&nap, NULL);
		if (nap.tv_nsec < 50 * 1000 * 1000) {
			nap.tv_nsec *= 2;
		}
	}
	return 0;
}

// Waits for the program and collects its output. One that prints or runs for too long is killed.
static void
collect(struct spawned *s, pid_t pid, int out, int failed)
{
	int64_t until = now_ms() + spawn_seconds() * 1000;
	int status = 0, err = read_all(out, until, &s->out);

	err = err != 0 ? err : wait_for_end(pid, until, &status);
	if (err != 0) {
		kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
		*s = (struct spawned){.status = -1, .err = err, .out = xstrdup("")};
	} else if (read(failed, &s->err, sizeof s->err) != sizeof s->err) {
		s->err = 0;
		s->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

struct spawned
spawn(const char *dir, char *const argv[], enum spawn_stderr how)
{
	struct spawned s = {.status = -1, .out = xstrdup("")};
	int out[2], failed[2];

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(failed, O_CLOEXEC) != 0) {
		s.err = errno;
		return s;
	}
	pid_t pid = fork();

	if (pid == 0) {
		child(dir, argv, how, out[1], failed[1]);
	}
	s.err = errno;
	close(out[1]);
	close(failed[1]);
	if (pid > 0) {
		collect(&s, pid, out[0], failed[0]);
	}
	close(out[0]);
	close(failed[0]);
	return s;
}
