// SPDX-License-Identifier: BSD-3-Clause
// A string builder in a fixed buffer, and readers of small files without stdio, for messages.
// Nothing here allocates, locks or changes errno, so all of it is safe in a signal handler.
#ifndef RCGO_STRBUF_H
#define RCGO_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// A text under construction. Text that does not fit is dropped. len never exceeds size - 1, and
// buf[len] is always 0.
struct rcgo_strbuf {
	char *buf;
	size_t size;
	size_t len;
};

// Starts an empty text in buf. size is in bytes and at least 1.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD struct rcgo_strbuf rcgo__strbuf_init(char *buf, size_t size);

// Appends the string s.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__append_str(struct rcgo_strbuf *t, const char *s);

// Appends n in decimal, padded with spaces on the left to at least width bytes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__append_uint(struct rcgo_strbuf *t, uint64_t n, unsigned width);

// Appends n as 0x and lower-case hexadecimal digits.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__append_hex(struct rcgo_strbuf *t, uint64_t n);

// Appends spaces until the text is column bytes long, counted from its byte at start.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__append_padding(struct rcgo_strbuf *t, size_t start, size_t column);

// Appends the description of the error number err, with its name: "… (EAGAIN)". The errors that our
// calls can return are known; any other becomes "errno N".
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__append_errno(struct rcgo_strbuf *t, int err);

// Writes the text to file descriptor fd, completely or as far as the system accepts it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void rcgo__strbuf_write(const struct rcgo_strbuf *t, int fd);

// Reads at most size - 1 bytes of the file at path into buf and appends a 0. Returns the number of
// bytes, or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD long rcgo__file_read(const char *path, char *buf, size_t size);

// A line visitor. line has no newline and is truncated to RCGO_LINE_MAX - 1 bytes; arg is the
// caller's. Returns true to stop.
typedef bool (*rcgo_line_fn)(const char *line, void *arg);
#define RCGO_LINE_MAX 4352 // a path and the text around it

// Calls visit for each line of the file at path until visit returns true. Returns 0, or -errno.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD int rcgo__file_each_line(const char *path, rcgo_line_fn visit, void *arg);

// Counts the lines of the file at path. Returns the count, or -errno.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD long rcgo__file_lines(const char *path);

// Reports whether s starts with start. *rest is then the remainder.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__has_prefix(const char *s, const char *start, const char **rest);

// Parses the decimal number at *s into *n and advances *s past it. Leading spaces and tabs are
// skipped. Returns 0, or -1 if there is no number or it does not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD int rcgo__parse_uint(const char **s, uint64_t *n);

// Parses a hexadecimal number without a prefix like rcgo__parse_uint.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD int rcgo__parse_hex(const char **s, uint64_t *n);

// Reads the decimal number at the start of the file at path. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__file_number(const char *path, uint64_t *value);

#endif // RCGO_STRBUF_H
