// SPDX-License-Identifier: BSD-3-Clause
// Memory, strings and messages of rcgo.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
xalloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL) {
		fputs("rcgo: out of memory\n", stderr);
		exit(EXIT_RCGO);
	}
	return p;
}

char *
xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(xalloc(n), s, n);
}

char *
fmt(const char *format, ...)
{
	va_list ap;
	char *s;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) < 0) {
		s = xalloc(1);
	}
	va_end(ap);
	return s;
}

void
strings_add(struct strings *list, char *s)
{
	if (list->n + 2 > list->room) {
		size_t room = list->room == 0 ? 16 : 2 * list->room;
		char **at = xalloc(room * sizeof *at);

		if (list->n > 0) {
			memcpy(at, list->at, list->n * sizeof *at);
		}
		list->at = at;
		list->room = room;
	}
	list->at[list->n++] = s;
	list->at[list->n] = NULL;
}

// A message has three lines: what happened, why, what to do. It begins with our name, because
// output of go may surround it.
static void
print_problem(const char *kind, const char *what, const char *why, const char *todo)
{
	fflush(stdout);
	fprintf(stderr, "rcgo: %s%s\n", kind, what);
	if (why != NULL) {
		fprintf(stderr, "      why: %s\n", why);
	}
	if (todo != NULL) {
		fprintf(stderr, "      do:  %s\n", todo);
	}
}

struct problem *
problem(const char *what, const char *why, const char *todo)
{
	struct problem *p = xalloc(sizeof *p);

	*p = (struct problem){what, why, todo};
	return p;
}

void
warn(const struct problem *p)
{
	if (p != NULL) {
		print_problem("warning: ", p->what, p->why, p->todo);
	}
}

// Writes one line to standard error.
void
note(const char *text)
{
	fflush(stdout);
	fprintf(stderr, "rcgo: note: %s\n", text);
}

void
fail(const char *what, const char *why, const char *todo)
{
	print_problem("", what, why, todo);
	exit(EXIT_RCGO);
}

void
fail_on(const struct problem *p)
{
	if (p != NULL) {
		fail(p->what, p->why, p->todo);
	}
}

void
usage_error(const char *command, const char *format, ...)
{
	va_list ap;

	fputs("rcgo: ", stderr);
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	if (command == NULL) {
		fputs("\n      do:  see `rcgo help`\n", stderr);
	} else {
		fprintf(stderr, "\n      do:  see `rcgo help %s`\n", command);
	}
	exit(EXIT_RCGO);
}

// Reports the word that getopt has just rejected: the next one if getopt is within a word such as
// -xyz.
void
usage_flag(const char *command, char *const *argv)
{
	const char *word = argv[optind - 1], *next = argv[optind];

	if (optopt != 0 && next != NULL && *next == '-' && strchr(next, optopt) != NULL &&
		(*word != '-' || strchr(word, optopt) == NULL)) {
		word = next;
	}
	usage_error(command, "%s: unknown flag, or flag without its value: %s", command, word);
}

bool
has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
has_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

// The FNV-1a hash, which names our cache entries. It need not resist an attacker, because each
// entry is compared byte by byte with the expected content before use.
uint64_t
fnv1a(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ p[i]) * 0x100000001b3ULL;
	}
	return hash;
}

// Quotes s for a POSIX shell. Single quotes preserve all characters except a single quote.
char *
shell_quote(const char *s)
{
	char *out = xalloc(4 * strlen(s) + 3), *p = out;

	*p++ = '\'';
	for (; *s != '\0'; s++) {
		if (*s == '\'') {
			p = stpcpy(p, "'\\''");
		} else {
			*p++ = *s;
		}
	}
	*p = '\'';
	return out;
}

void
sort_items(void *items, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	const char *item = items;
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++, item += size) {
		sorted = compare(item, item + size) <= 0;
	}
	if (!sorted) {
		qsort(items, n, size, compare);
	}
}
