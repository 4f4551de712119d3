// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor: prints findings as text, or collects them for -json, and counts them.
#include "doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned counts[LEVEL_FAIL + 1];
static json_t *findings; // with -json

static bool
in_colour(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(1) && (no == NULL || *no == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0);
}

void
finding(enum level level, const char *name, const char *text, const char *todo)
{
	static const char *const words[] = {"ok", "warn", "FAIL"};
	static const char *const colours[] = {"\033[32m", "\033[33m", "\033[31m"};
	bool colour = in_colour();

	counts[level]++;
	if (findings != NULL) {
		json_array_append_new(
			findings, json_pack("{s:s, s:s, s:s, s:s?}", "level", words[level], "name",
					  name, "text", text, "todo", todo));
		return;
	}
	printf("%s%-4s%s  %-14s  %s\n", colour ? colours[level] : "", words[level],
		colour ? "\033[0m" : "", name, text);
	if (todo != NULL) {
		printf("%*sdo: %s\n", 22, "", todo);
	}
}

void
finding_of(enum level level, const char *name, const struct problem *p)
{
	finding(level, name, p->what, p->todo);
}

void
findings_as_json(void)
{
	findings = json_array();
}

static void
print_json(void)
{
	json_t *json = json_pack("{s:i, s:i, s:i, s:o}", "ok", (int)counts[LEVEL_OK], "warn",
		(int)counts[LEVEL_WARN], "fail", (int)counts[LEVEL_FAIL], "findings", findings);

	if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2)) != 0) {
		fail("cannot print the findings as JSON", NULL, NULL);
	}
	puts("");
}

unsigned
findings_end(void)
{
	if (findings != NULL) {
		print_json();
	} else {
		printf("\n%u ok, %u warnings, %u failed\n", counts[LEVEL_OK], counts[LEVEL_WARN],
			counts[LEVEL_FAIL]);
	}
	return counts[LEVEL_FAIL];
}
