// SPDX-License-Identifier: BSD-3-Clause
// A string builder in a fixed buffer, readers of small files and parsers of numbers, for messages.
// Safe on any stack.

//go:build unix

//rcgo:small

#include "strbuf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "raw_syscall.h"

struct rcgo_strbuf
rcgo__strbuf_init(char *buf, size_t size)
{
	buf[0] = 0;
	return (struct rcgo_strbuf){.buf = buf, .size = size, .len = 0};
}

static void
append_bytes(struct rcgo_strbuf *t, const char *s, size_t n)
{
	size_t room = t->size - 1 - t->len;

	if (n > room) {
		n = room;
	}
	memcpy(t->buf + t->len, s, n);
	t->len += n;
	t->buf[t->len] = 0;
}

void
rcgo__append_str(struct rcgo_strbuf *t, const char *s)
{
	append_bytes(t, s, strlen(s));
}

void
rcgo__append_uint(struct rcgo_strbuf *t, uint64_t n, unsigned width)
{
	char digits[32];
	size_t at = sizeof digits;

	if (width > sizeof digits) {
		width = sizeof digits;
	}
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (sizeof digits - at < width) {
		digits[--at] = ' ';
	}
	append_bytes(t, digits + at, sizeof digits - at);
}

void
rcgo__append_hex(struct rcgo_strbuf *t, uint64_t n)
{
	char digits[18];
	size_t at = sizeof digits;

	do {
		digits[--at] = "0123456789abcdef"[n & 15];
		n >>= 4;
	} while (n != 0);
	digits[--at] = 'x';
	digits[--at] = '0';
	append_bytes(t, digits + at, sizeof digits - at);
}

void
rcgo__append_padding(struct rcgo_strbuf *t, size_t start, size_t column)
{
	while (t->len < start + column && t->len + 1 < t->size) {
		append_bytes(t, " ", 1);
	}
}

void
rcgo__append_errno(struct rcgo_strbuf *t, int err)
{
	static const struct {
		int err;
		const char *text;
	} known[] = {
		{EAGAIN, "Resource temporarily unavailable (EAGAIN)"},
		{EINVAL, "Invalid argument (EINVAL)"},
		{ENOMEM, "Cannot allocate memory (ENOMEM)"},
		{EPERM, "Operation not permitted (EPERM)"},
		{ENOSYS, "Function not implemented (ENOSYS)"},
	};

	for (size_t i = 0; i < RCGO_COUNTOF(known); i++) {
		if (known[i].err == err) {
			rcgo__append_str(t, known[i].text);
			return;
		}
	}
	rcgo__append_str(t, "errno ");
	rcgo__append_uint(t, (uint64_t)err, 0);
}

void
rcgo__strbuf_write(const struct rcgo_strbuf *t, int fd)
{
	int saved = errno, cancel = rcgo__cancel_disable();
	size_t done = 0;

	while (done < t->len) {
		ssize_t n = write(fd, t->buf + done, t->len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			break;
		}
	}
	rcgo__cancel_restore(cancel);
	errno = saved;
}

// Reads until buf is full, the file ends or an error occurs. Returns the number of bytes, or
// -errno.
static long
read_full(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0) {
			break;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return (long)done;
}

long
rcgo__file_read(const char *path, char *buf, size_t size)
{
	int saved = errno, cancel = rcgo__cancel_disable();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long n = fd < 0 ? -errno : read_full(fd, buf, size - 1);

	if (fd >= 0) {
		close(fd);
	}
	rcgo__cancel_restore(cancel);
	buf[n > 0 ? n : 0] = 0;
	errno = saved;
	return n;
}

// Indirect: visit, which the callers in runtime/thread pass: readers of one line.
int
rcgo__file_each_line(const char *path, rcgo_line_fn visit, void *arg)
{
	char line[RCGO_LINE_MAX];
	char buf[512];
	size_t len = 0;
	bool enough = false;
	int saved = errno, cancel = rcgo__cancel_disable();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long n = fd < 0 ? -errno : 0;

	while (fd >= 0 && !enough && (n = read_full(fd, buf, sizeof buf)) > 0) {
		for (long i = 0; i < n && !enough; i++) {
			if (buf[i] == '\n') {
				line[len] = 0;
				enough = visit(line, arg);
				len = 0;
			} else if (len < sizeof line - 1) {
				line[len++] = buf[i];
			}
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	rcgo__cancel_restore(cancel);
	errno = saved;
	return n < 0 ? (int)n : 0;
}

static bool
count_line(RCGO_UNUSED const char *line, void *count)
{
	++*(long *)count;
	return false;
}

long
rcgo__file_lines(const char *path)
{
	long count = 0;
	int err = rcgo__file_each_line(path, count_line, &count);

	return err < 0 ? err : count;
}

bool
rcgo__has_prefix(const char *s, const char *start, const char **rest)
{
	size_t n = strlen(start);

	if (strncmp(s, start, n) != 0) {
		return false;
	}
	*rest = s + n;
	return true;
}

int
rcgo__parse_uint(const char **s, uint64_t *n)
{
	const char *p = *s;
	uint64_t value = 0;

	while (*p == ' ' || *p == '\t') {
		p++;
	}
	if (*p < '0' || *p > '9') {
		return -1;
	}
	for (; *p >= '0' && *p <= '9'; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (value > (UINT64_MAX - digit) / 10) {
			return -1;
		}
		value = value * 10 + digit;
	}
	*s = p;
	*n = value;
	return 0;
}

// Returns the value of a hexadecimal digit, or 16 for any other character.
static unsigned
hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return (unsigned)(c - '0');
	}
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

int
rcgo__parse_hex(const char **s, uint64_t *n)
{
	const char *p = *s;
	uint64_t value = 0;
	unsigned digit;

	while (*p == ' ' || *p == '\t') {
		p++;
	}
	if (hex_digit(*p) == 16) {
		return -1;
	}
	for (; (digit = hex_digit(*p)) != 16; p++) {
		if (value >> 60 != 0) {
			return -1;
		}
		value = value << 4 | digit;
	}
	*s = p;
	*n = value;
	return 0;
}

bool
rcgo__file_number(const char *path, uint64_t *value)
{
	char buf[64];
	const char *at = buf;

	return rcgo__file_read(path, buf, sizeof buf) > 0 && rcgo__parse_uint(&at, value) == 0;
}
