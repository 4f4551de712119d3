// SPDX-License-Identifier: BSD-3-Clause
// Runs another program and returns its output.
#include "rcgo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
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

// Reads to the end. Returns NULL if there is too much.
static char *
read_all(int fd)
{
	size_t n = 0, room = 4096;
	char *buf = xalloc(room);

	for (;;) {
		ssize_t got = read(fd, buf + n, room - n - 1);

		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			buf[n] = '\0';
			return buf;
		}
		n += (size_t)got;
		if (n > OUTPUT_MOST) {
			return NULL;
		}
		if (n + 1 == room) {
			char *more = xalloc(2 * room);

			memcpy(more, buf, n);
			buf = more;
			room *= 2;
		}
	}
}

struct spawned
spawn(const char *dir, char *const argv[], enum spawn_stderr how)
{
	struct spawned s = {.status = -1, .out = xstrdup("")};
	int out[2], failed[2], status = 0;

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
		s.err = 0;
		s.out = read_all(out[0]);
		if (s.out == NULL) {
			kill(pid, SIGKILL);
		}
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
		}
		if (read(failed[0], &s.err, sizeof s.err) != sizeof s.err) {
			s.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		if (s.out == NULL) {
			s = (struct spawned){.status = -1, .err = EFBIG, .out = xstrdup("")};
		}
	}
	close(out[0]);
	close(failed[0]);
	return s;
}
