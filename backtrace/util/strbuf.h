// SPDX-License-Identifier: BSD-3-Clause
// Base: text in a fixed buffer, and small files read without stdio: what a message needs.
// Nothing here allocates, locks or touches errno, so all of it may run in a signal handler.
#ifndef RCGO_STRBUF_H
#define RCGO_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

// A text under construction. What does not fit is dropped; len never exceeds size - 1 and
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

// Appends what the error number err means, with its name: "… (EAGAIN)". Known are the errors
// that the calls of src/ can return; any other is "errno N".
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__append_errno(struct rcgo_strbuf *t, int err);

// Writes the text to file descriptor fd, all of it or as much as the system takes.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD void rcgo__strbuf_write(const struct rcgo_strbuf *t, int fd);

// Reads at most size - 1 bytes of the file at path into buf and ends them with a 0. Returns how
// many, or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD long rcgo__file_read(const char *path, char *buf, size_t size);

// Gets one line without its newline, cut to RCGO_LINE_MAX - 1 bytes, and the caller's arg. Returns
// whether it has seen enough.
typedef bool (*rcgo_line_fn)(const char *line, void *arg);
#define RCGO_LINE_MAX 4352 // a path and what stands around it

// Shows visit each line of the file at path, until it has seen enough. Returns 0, or -errno.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD int rcgo__file_each_line(const char *path, rcgo_line_fn visit, void *arg);

// Counts the lines of the file at path. Returns the count, or -errno.
// Safety: MT-Safe AS-Safe | stack=g0 g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD long rcgo__file_lines(const char *path);

// Whether s begins with start; *rest is then what follows.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__has_prefix(const char *s, const char *start, const char **rest);

// Reads the decimal number at *s into *n and moves *s behind it; leading spaces and tabs are
// skipped. Returns 0, or -1 when there is no number there or it does not fit.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD int rcgo__parse_uint(const char **s, uint64_t *n);

// The same for a hexadecimal number without a prefix.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD int rcgo__parse_hex(const char **s, uint64_t *n);

// Reads the decimal number that the file at path begins with. Returns whether there is one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__file_number(const char *path, uint64_t *value);

#endif // RCGO_STRBUF_H
