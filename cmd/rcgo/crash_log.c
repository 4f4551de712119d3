// SPDX-License-Identifier: BSD-3-Clause
// Parses the lines of a Go crash log that contain addresses.
#include "rcgo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "symbols.h"

#define PLACE_PC "pc="

const char *
log_hex(const char *s, uint64_t *value)
{
	char *end;

	if (!has_prefix(s, "0x")) {
		return NULL;
	}
	*value = strtoull(s + 2, &end, 16);
	return end > s + 2 ? end : NULL;
}

bool
log_place(const char *line, uint64_t *pc)
{
	const char *at = line != NULL && line[0] == '\t' ? strstr(line, PLACE_PC) : NULL;
	const char *end = at != NULL ? log_hex(at + strlen(PLACE_PC), pc) : NULL;

	return end != NULL && *end == 0 &&
	       (at == line + 1 || (at - line > 4 && has_prefix(at - 3, ":0 ")));
}

bool
log_frame(const char *line, uint64_t *pc, bool *told)
{
	const char *at = line != NULL && line[0] == '\t' ? strstr(line, " " PLACE_PC) : NULL;
	const char *colon;

	if (log_place(line, pc)) {
		*told = false;
		return true;
	}
	colon = at;
	while (colon != NULL && colon > line && strchr("0123456789", colon[-1]) != NULL) {
		colon--;
	}
	*told = true;
	return at != NULL && colon < at && colon > line && colon[-1] == ':' &&
	       log_hex(at + 1 + strlen(PLACE_PC), pc) != NULL;
}

bool
log_names_source(const char *program, const char *place)
{
	const char *file = place + 1, *end = strstr(place, ":0 " PLACE_PC);
	const char *base = symbols_base_name(program);
	size_t n = strlen(base);

	return end != NULL && ((size_t)(end - file) < n || strncmp(end - n, base, n) != 0 ||
				      (end - n > file && end[-(ptrdiff_t)n - 1] != '/'));
}

const char *
log_offset(const char *program, const char *line, uint64_t *offset, const char **end)
{
	for (const char *plus = line; (plus = strstr(plus, "+0x")) != NULL; plus++) {
		const char *start = plus, *name;
		const char *base = symbols_base_name(program);

		while (start > line && strchr(" \t(\"", start[-1]) == NULL) {
			start--;
		}
		name = plus;
		while (name > start && name[-1] != '/') {
			name--;
		}
		*end = log_hex(plus + 1, offset);
		if (*end != NULL && (size_t)(plus - name) == strlen(base) &&
			strncmp(name, base, strlen(base)) == 0) {
			return start;
		}
	}
	return NULL;
}

bool
log_told_at(const struct strings *lines, size_t i, uint64_t pc)
{
	uint64_t other;
	bool told;

	return i < lines->n && log_frame(lines->at[i], &other, &told) && told && other == pc;
}

static bool
is_symbol(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_' ||
	       c == '.' || c == '$' || c == '@';
}

void
log_print(const char *line, bool demangle)
{
	while (demangle && line[0] != '\t' && *line != 0) {
		size_t n = 0;
		char *word;

		while (is_symbol(line[n])) {
			n++;
		}
		word = fmt("%.*s", (int)(n == 0 ? 1 : n), line);
		fputs(n > 2 && line[0] == '_' ? symbols_demangle(word, false) : word, stdout);
		line += n == 0 ? 1 : n;
	}
	puts(line);
}
