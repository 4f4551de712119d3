// SPDX-License-Identifier: BSD-3-Clause
// Base: the outputs of crash reports. They are opened on g0 while Go starts, and written in signal
// handlers.
// Contract: poll(2), pipe(7): a pipe that polls as writable takes PIPE_BUF bytes without waiting.

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "options.h"
#include "raw_syscall.h"
#include "syscall_trial.h"

#define REPORT_CHUNK 4096 // PIPE_BUF
#define REPORT_WAIT_NS (300 * 1000 * 1000L)
// A high number, because programs may expect their own files to get low numbers.
#define REPORT_FD_FROM 200

#define NO_FD (~(uintptr_t)0)

// Used until Go has passed the address of its own variable.
// owner: nobody writes it; lock: none; ordering: none
static uintptr_t no_crash_fd = NO_FD;
// owner: rcgo__report_init; lock: none; ordering: release and acquire
static uintptr_t *crash_fd = &no_crash_fd;

// The file of reports in JSON, or -1.
// owner: rcgo__report_init; lock: none; ordering: relaxed, a word
static int json_fd = -1;

// Whether that file gets all threads.
// owner: rcgo__report_init; lock: none; ordering: relaxed, a word
static bool json_all;

// Whether a write to the output has timed out: its reader has stopped.
// owner: the threads that write reports; lock: none; ordering: relaxed, each is one word
static bool stderr_stuck, file_stuck;

// Returns whether the output accepts REPORT_CHUNK bytes now. Where poll may not be called this is
// unknown; it returns true and the write must find out.
static bool
is_ready(long fd, bool *stuck)
{
	struct rcgo_kernel_timespec wait = {.tv_nsec = rcgo_load_rlx(stuck) ? 0 : REPORT_WAIT_NS};
	struct pollfd p = {.fd = (int)fd, .events = POLLOUT};
	long n;

	if (!rcgo__syscall_trial_passed()) {
		return true;
	}
	n = rcgo__raw_syscall(SYS_ppoll, (long)&p, 1, (long)&wait, 0, 0, 0);
	if (n == 0) {
		rcgo_store_rlx(stuck, true);
		return false;
	}
	// A write to a closed pipe would raise SIGPIPE.
	return n < 0 || (p.revents & (POLLERR | POLLNVAL)) == 0;
}

static void
output_write(long fd, bool *stuck, const struct rcgo_strbuf *t)
{
	size_t done = 0;

	while (done < t->len && is_ready(fd, stuck)) {
		size_t size = t->len - done < REPORT_CHUNK ? t->len - done : REPORT_CHUNK;
		long n = rcgo__raw_syscall(
			SYS_write, fd, (long)(t->buf + done), (long)size, 0, 0, 0);

		if (n > 0) {
			done += (size_t)n;
		} else if (n != -EINTR) {
			break;
		}
	}
}

void
rcgo__report_write(const struct rcgo_strbuf *t)
{
	const uintptr_t *now = rcgo_load_acq(&crash_fd);
	uintptr_t fd = rcgo_load_acq(now);

	output_write(STDERR_FILENO, &stderr_stuck, t);
	if (fd != NO_FD) {
		output_write((long)fd, &file_stuck, t);
	}
}

static RCGO_COLD void
say_not_open(const char *name, int err)
{
	char buf[512];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "runtime/cgo: RCGO=crash=");
	rcgo__append_str(&t, name);
	rcgo__append_str(&t, " cannot be opened: ");
	rcgo__append_errno(&t, err);
	rcgo__append_str(&t, "\n");
	rcgo__strbuf_write(&t, STDERR_FILENO);
}

// Returns a close-on-exec descriptor, or -errno.
static int
open_named(const char *name)
{
	const char *digits;
	uint64_t number;
	int fd, high;

	if (rcgo__has_prefix(name, "fd:", &digits)) {
		if (rcgo__parse_uint(&digits, &number) != 0 || *digits != 0 || number > INT32_MAX) {
			return -EINVAL;
		}
		high = fcntl((int)number, F_DUPFD_CLOEXEC, REPORT_FD_FROM);
		return high < 0 ? -errno : high;
	}
	fd = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	if (fd < 0) {
		return -errno;
	}
	high = fcntl(fd, F_DUPFD_CLOEXEC, REPORT_FD_FROM);
	if (high >= 0) {
		close(fd);
	}
	return high >= 0 ? high : fd;
}

void
rcgo__report_init(uintptr_t *gos)
{
	const char *name = rcgo__option_text("crash"), *file = NULL;
	int saved = errno;
	uintptr_t none = NO_FD;
	bool json;
	int fd;

	rcgo_store_rel(&crash_fd, gos);
	if (name == NULL) {
		return;
	}
	json = rcgo__has_prefix(name, RCGO_JSON_PREFIX, &file);
	rcgo_store_rlx(&json_all, json && rcgo__has_prefix(file, RCGO_JSON_ALL_PREFIX, &file));
	fd = open_named(json ? file : name);
	if (fd < 0) {
		say_not_open(name, -fd);
	} else if (json) {
		rcgo_store_rlx(&json_fd, fd);
	} else if (!rcgo_cas(gos, &none, (uintptr_t)fd)) {
		close(fd); // the program has set its own file
	}
	errno = saved;
}

int
rcgo__report_json_fd(void)
{
	return rcgo_load_rlx(&json_fd);
}

bool
rcgo__report_json_all(void)
{
	return rcgo_load_rlx(&json_all);
}
