// SPDX-License-Identifier: BSD-3-Clause
// Base: small files read without stdio.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "strbuf.h"
#include "unit.h"

// A test's files are below inject_root, which stands for /proc.
static void
with_file(const char *text)
{
	inject_root_make();
	inject_file("/proc/f", text);
}

// Returns the lowest free file descriptor. It stays the same if no descriptor leaks.
static int
free_fd(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

TEST(reads_up_to_the_size)
{
	static const char whole[] = "0123456789abcdef";

	with_file(whole);
	for (size_t size = 1; size < 24; size++) {
		char *buf = malloc(size);
		size_t want = size - 1 < 16 ? size - 1 : 16;
		int fd = free_fd();

		memset(buf, '#', size);
		errno = 77;
		CHECK_INT(rcgo__file_read("/proc/f", buf, size), want);
		CHECK_INT(errno, 77);
		CHECK_INT(strlen(buf), want);
		CHECK(memcmp(buf, whole, want) == 0);
		CHECK_INT(free_fd(), fd);
		free(buf);
	}
	inject_root_remove();
}

TEST(reads_in_parts)
{
	char buf[64];

	with_file("in many small parts");
	for (size_t part = 1; part < 8; part++) {
		for (unsigned first = 0; first < 6; first++) {
			inject_chunk = part;
			inject_arm(&inject_read, first, 3, EINTR);
			CHECK_INT(rcgo__file_read("/proc/f", buf, sizeof buf), 19);
			CHECK_STR(buf, "in many small parts");
			CHECK(inject_read.calls > 3);
		}
	}
	inject_root_remove();
}

TEST(says_what_failed)
{
	char buf[64];
	int fd;

	with_file("some text");
	fd = free_fd();
	errno = 77;
	CHECK_INT(rcgo__file_read("/proc/none", buf, sizeof buf), -ENOENT);
	CHECK((inject_open_flags & O_CLOEXEC) != 0);
	inject_open_flags = 0;
	CHECK_INT(rcgo__file_lines("/proc/f"), 0);
	CHECK((inject_open_flags & O_CLOEXEC) != 0);
	CHECK_STR(buf, "");
	CHECK_INT(rcgo__file_read("/proc", buf, sizeof buf), -EISDIR);
	CHECK_STR(buf, "");
	CHECK_INT(rcgo__file_lines("/proc/none"), -ENOENT);
	CHECK_INT(rcgo__file_lines("/proc"), -EISDIR);
	inject_arm(&inject_open, 0, 1, EMFILE);
	CHECK_INT(rcgo__file_read("/proc/f", buf, sizeof buf), -EMFILE);
	// Also after a part of the file was read.
	inject_chunk = 2;
	for (unsigned n = 0; n < 4; n++) {
		inject_arm(&inject_read, n, 1, EIO);
		CHECK_INT(rcgo__file_read("/proc/f", buf, sizeof buf), -EIO);
		CHECK_STR(buf, "");
		inject_arm(&inject_read, n, 1, EIO);
		CHECK_INT(rcgo__file_lines("/proc/f"), -EIO);
	}
	CHECK_INT(errno, 77);
	CHECK_INT(free_fd(), fd);
	inject_root_remove();
}

TEST(empty_file)
{
	char buf[4] = "###";

	with_file("");
	CHECK_INT(rcgo__file_read("/proc/f", buf, sizeof buf), 0);
	CHECK_STR(buf, "");
	CHECK_INT(rcgo__file_lines("/proc/f"), 0);
	inject_root_remove();
}

// More than one buffer, with newlines at and around the buffer's ends.
TEST(counts_lines)
{
	char *text = malloc(6000);

	inject_root_make();
	for (size_t every = 1; every < 1100; every += every < 8 ? 1 : 91) {
		size_t lines = 0;
		int fd = free_fd();

		for (size_t i = 0; i < 5000; i++) {
			text[i] = (i + 1) % every == 0 ? '\n' : 'x';
			lines += text[i] == '\n';
		}
		text[5000] = 0;
		inject_file("/proc/f", text);
		errno = 77;
		inject_chunk = every % 3 == 0 ? 1000 : 0;
		CHECK_INT(rcgo__file_lines("/proc/f"), lines);
		CHECK_INT(errno, 77);
		CHECK_INT(free_fd(), fd);
	}
	free(text);
	inject_chunk = 0;
	inject_root_remove();
}

TEST(reads_the_real_proc)
{
	char buf[4096];
	const char *at;
	uint64_t n;

	CHECK(rcgo__file_read("/proc/self/status", buf, sizeof buf) > 100);
	CHECK_HAS(buf, unit_emulated() ? "\nThreads:\t" : "\nThreads:\t1\n");
	CHECK(rcgo__file_lines("/proc/self/maps") > 3);
	CHECK(rcgo__file_read("/proc/sys/kernel/pid_max", buf, sizeof buf) > 0);
	at = buf;
	CHECK_INT(rcgo__parse_uint(&at, &n), 0);
	CHECK(n >= 300 && *at == '\n');
}

UNIT_MAIN(UNIT_TEST(reads_up_to_the_size), UNIT_TEST(reads_in_parts), UNIT_TEST(says_what_failed),
	UNIT_TEST(empty_file), UNIT_TEST(counts_lines), UNIT_TEST(reads_the_real_proc))
