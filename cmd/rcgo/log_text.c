// SPDX-License-Identifier: BSD-3-Clause
// rcgo symbolize: detects files that are not text, and removes control characters before
// output to a terminal.
#include "symbols.h"

#include <stdio.h>
#include <string.h>

#include "rcgo.h"

// Files that are no text, by how they begin, and what reads them.
static const struct {
	const char *begin;
	size_t size;
	const char *what, *todo;
} kinds[] = {
#define KIND(begin, what, todo)                     \
	{                                           \
		begin, sizeof begin - 1, what, todo \
	}
	KIND("\177ELF", "an ELF file", "give the program with -e, and the log as the last word"),
	KIND("\x1f\x8b", "a gzip file", "zcat FILE | rcgo symbolize -e PROGRAM"),
	KIND("\x28\xb5\x2f\xfd", "a zstd file", "zstdcat FILE | rcgo symbolize -e PROGRAM"),
	KIND("\xfd"
	     "7zXZ",
		"an xz file", "xzcat FILE | rcgo symbolize -e PROGRAM"),
	KIND("BZh", "a bzip2 file", "bzcat FILE | rcgo symbolize -e PROGRAM"),
	KIND("PK\3\4", "a zip file", "unzip -p FILE | rcgo symbolize -e PROGRAM"),
#undef KIND
};

// Returns the number of bytes of the UTF-8 character at p, and stores its code point; 0 if there is
// none. Of a truncated character, the NUL behind it is no continuation.
static size_t
decode(const unsigned char *p, unsigned *code)
{
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;

	*code = n == 1 ? *p : n == 0 ? 0 : *p & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80) {
			return 0;
		}
		*code = *code << 6 | (p[i] & 0x3f);
	}
	return n;
}

static bool
is_control(unsigned code)
{
	return (code < ' ' && code != '\t' && code != '\n') || (code >= 0x7f && code < 0xa0);
}

// Returns whether so much of a line is no text that all of it is none.
static bool
is_binary(const char *line)
{
	size_t bad = 0, all = 0, n;
	unsigned code;

	for (const char *p = line; *p != '\0' && all < 4096; p += n == 0 ? 1 : n, all++) {
		n = decode((const unsigned char *)p, &code);
		// Programs colour their logs, and bars of progress return to the start of a line.
		bad += n == 0 || (is_control(code) && strchr("\033\r\b\f", (int)code) == NULL);
	}
	return bad * 10 > all * 3;
}

// Ends rcgo if the first line of a log is that of another kind of file.
void
log_check_text(const char *line, size_t size, const char *path)
{
	const char *name = path != NULL ? path : "standard input";

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (size >= kinds[i].size && memcmp(line, kinds[i].begin, kinds[i].size) == 0) {
			fail(fmt("%s is %s, not a crash log", name, kinds[i].what), NULL,
				kinds[i].todo);
		}
	}
	if (is_binary(line)) {
		fail(fmt("%s is no text, so it is not a crash log", name), NULL,
			"name the file with what the program wrote to standard error");
	}
}

// Prints text for a terminal. A log may contain text that an attacker made the program print, and
// so may the names in a program: control characters are made visible. In UTF-8, and as single
// bytes, 80 to 9f are some too.
void
log_print_visible(const char *text)
{
	unsigned code;

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0';) {
		size_t n = decode(p, &code);

		if (n == 0) {
			printf("\\x%02x", *p);
		} else if (n > 1 && is_control(code)) {
			printf("\\u%04x", code);
		} else if (is_control(code)) {
			printf("^%c", code ^ 0x40);
		} else {
			fwrite(p, 1, n, stdout);
		}
		p += n == 0 ? 1 : n;
	}
}
