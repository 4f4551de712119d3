// SPDX-License-Identifier: BSD-3-Clause
// Base: text in a fixed buffer, and numbers read from text.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "strbuf.h"
#include "unit.h"

// For any appended text and any size: a prefix of the whole text, and no byte beyond the buffer.
TEST(truncates_at_every_size)
{
	static const char whole[] = "abc       420xdeadbeef   xInvalid argument (EINVAL)errno 9999";

	for (size_t size = 1; size <= sizeof whole + 3; size++) {
		char *buf = malloc(size + 1);
		size_t want = size - 1 < sizeof whole - 1 ? size - 1 : sizeof whole - 1;
		struct rcgo_strbuf t;

		buf[size] = '#';
		t = rcgo__strbuf_init(buf, size);
		CHECK_INT(t.len, 0);
		CHECK_STR(buf, "");
		rcgo__append_str(&t, "abc");
		rcgo__append_uint(&t, 42, 9);
		rcgo__append_hex(&t, 0xdeadbeef);
		rcgo__append_padding(&t, 12, 13);
		rcgo__append_str(&t, "x");
		rcgo__append_errno(&t, EINVAL);
		rcgo__append_errno(&t, 9999);
		CHECK_INT(t.len, want);
		CHECK_INT(strlen(buf), want);
		CHECK(memcmp(buf, whole, want) == 0);
		CHECK_INT(buf[size], '#');
		free(buf);
	}
}

static void
check_dec(uint64_t n, unsigned width, const char *want)
{
	char buf[64];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_uint(&t, n, width);
	CHECK_STR(buf, want);
	CHECK_INT(t.len, strlen(want));
}

TEST(decimal)
{
	check_dec(0, 0, "0");
	check_dec(0, 1, "0");
	check_dec(0, 3, "  0");
	check_dec(9, 1, "9");
	check_dec(10, 1, "10");
	check_dec(123, 12, "         123");
	check_dec(UINT64_MAX, 0, "18446744073709551615");
	check_dec(UINT64_MAX, 21, " 18446744073709551615");
	// A width that is too large is reduced, and the number is still complete.
	check_dec(7, 32, "                               7");
	check_dec(7, 4000, "                               7");
	for (int i = 0; i < 2000; i++) {
		uint64_t n = unit_random() >> (i % 64);
		char want[32];

		snprintf(want, sizeof want, "%*" PRIu64, i % 25, n);
		check_dec(n, (unsigned)(i % 25), want);
	}
}

TEST(hexadecimal)
{
	for (int i = 0; i < 2000; i++) {
		uint64_t n = i == 0 ? 0 : i == 1 ? UINT64_MAX : unit_random() >> (i % 64);
		char buf[32], want[32];
		struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

		rcgo__append_hex(&t, n);
		snprintf(want, sizeof want, "0x%" PRIx64, n);
		CHECK_STR(buf, want);
	}
}

TEST(padding)
{
	char buf[16];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "ab");
	rcgo__append_padding(&t, 0, 1);
	CHECK_STR(buf, "ab");
	rcgo__append_padding(&t, 0, 4);
	CHECK_STR(buf, "ab  ");
	rcgo__append_padding(&t, 4, 2);
	CHECK_STR(buf, "ab    ");
	rcgo__append_padding(&t, 6, 1000);
	CHECK_INT(t.len, sizeof buf - 1);
	CHECK_STR(buf, "ab             ");
}

// Each error that the calls of the runtime return, by its name and by libc's text.
TEST(error_names)
{
	static const struct {
		int err;
		const char *name;
	} known[] = {
		{EAGAIN, "(EAGAIN)"},
		{EINVAL, "(EINVAL)"},
		{ENOMEM, "(ENOMEM)"},
		{EPERM, "(EPERM)"},
	};
	char buf[128];

	for (size_t i = 0; i < UNIT_COUNTOF(known); i++) {
		struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

		rcgo__append_errno(&t, known[i].err);
		CHECK_HAS(buf, known[i].name);
		CHECK_HAS(buf, strerror(known[i].err));
	}
	for (int err = 1; err < 140; err++) {
		struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);
		char number[32];

		rcgo__append_errno(&t, err);
		snprintf(number, sizeof number, "errno %d", err);
		CHECK(strchr(buf, '(') != NULL || strcmp(buf, number) == 0);
	}
}

static void
check_parse(const char *text, int want, uint64_t want_n, const char *want_rest)
{
	const char *at = text;
	uint64_t n = 4711;

	CHECK_INT(rcgo__parse_uint(&at, &n), want);
	CHECK(n == (want == 0 ? want_n : 4711));
	CHECK_STR(at, want_rest);
}

TEST(parse)
{
	check_parse("0", 0, 0, "");
	check_parse("  \t 42\n", 0, 42, "\n");
	check_parse("007x", 0, 7, "x");
	check_parse("18446744073709551615", 0, UINT64_MAX, "");
	check_parse("18446744073709551614 1", 0, UINT64_MAX - 1, " 1");
	check_parse("00000000000000000000000000000018446744073709551615", 0, UINT64_MAX, "");
	// Text that is no number, or a number that is too large, leaves the position unchanged.
	check_parse("18446744073709551616", -1, 0, "18446744073709551616");
	check_parse("18446744073709551625", -1, 0, "18446744073709551625");
	check_parse("99999999999999999999", -1, 0, "99999999999999999999");
	check_parse("", -1, 0, "");
	check_parse("  ", -1, 0, "  ");
	check_parse("max", -1, 0, "max");
	check_parse("-1", -1, 0, "-1");
	check_parse("+1", -1, 0, "+1");
	check_parse("\n1", -1, 0, "\n1");
	check_parse("/1", -1, 0, "/1");
	check_parse(":1", -1, 0, ":1");
}

TEST(parse_undoes_decimal)
{
	for (int i = 0; i < 2000; i++) {
		uint64_t n = unit_random() >> (i % 64);
		uint64_t back = 0;
		char buf[64];
		const char *at = buf;
		struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

		rcgo__append_uint(&t, n, (unsigned)(i % 30));
		CHECK_INT(rcgo__parse_uint(&at, &back), 0);
		CHECK(back == n && *at == 0);
	}
}

// Writes text through a pipe by rcgo__strbuf_write and compares what arrives.
static void
check_write(const char *text)
{
	char buf[64], got[64];
	int fds[2];
	ssize_t n;
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, text);
	CHECK_INT(pipe(fds), 0);
	errno = 77;
	rcgo__strbuf_write(&t, fds[1]);
	CHECK_INT(errno, 77);
	close(fds[1]);
	inject_chunk = 0;
	n = read(fds[0], got, sizeof got - 1);
	CHECK(n >= 0);
	got[n] = 0;
	CHECK_STR(got, text);
	close(fds[0]);
}

TEST(writes_all)
{
	check_write("");
	check_write("whole");
	// Interrupted before the first byte, between two parts, and often.
	for (unsigned first = 0; first < 6; first++) {
		for (unsigned count = 1; count < 40; count += 13) {
			inject_chunk = 3;
			inject_arm(&inject_write, first, count, EINTR);
			check_write("in many small parts");
			CHECK(inject_write.calls > count);
		}
	}
}

TEST(gives_up_writing)
{
	struct rcgo_strbuf t = {.buf = (char[]){"gone"}, .size = 5, .len = 4};
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	errno = 77;
	rcgo__strbuf_write(&t, -1);
	rcgo__strbuf_write(&t, fd);
	CHECK_INT(errno, 77);
	CHECK_INT(inject_write.calls, 2);
}

UNIT_MAIN(UNIT_TEST(truncates_at_every_size), UNIT_TEST(decimal), UNIT_TEST(hexadecimal),
	UNIT_TEST(padding), UNIT_TEST(error_names), UNIT_TEST(parse),
	UNIT_TEST(parse_undoes_decimal), UNIT_TEST(writes_all), UNIT_TEST(gives_up_writing))
