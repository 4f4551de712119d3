// SPDX-License-Identifier: BSD-3-Clause
// The current C compiler: its command line, and the debug information of our C code.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

// The first version of gcc that has -gno-column-info. Every clang whose version number is at least
// this has it too.
enum { COLUMNLESS_CC = 8 };

// Returns the words of CC, such as "ccache gcc", with the full path of the program first; empty if
// the program is not found.
struct strings
compiler_words(const char *cc)
{
	struct strings words = {0};
	char *first = first_word(cc);
	char *path = path_search(first);

	if (path == NULL) {
		return words;
	}
	strings_add(&words, path);
	const char *rest = strstr(cc, first) + strlen(first);

	rest += *rest == '\'' || *rest == '"';
	for (char *word = first_word(rest); *word != '\0'; word = first_word(rest)) {
		strings_add(&words, word);
		rest = strstr(rest, word) + strlen(word);
		rest += *rest == '\'' || *rest == '"';
	}
	return words;
}

// Returns whether the compiler has -gno-column-info. This runs the compiler driver once, which
// costs 1 or 2 ms.
static bool
can_omit_columns(const char *cc)
{
	struct strings argv = compiler_words(cc);

	if (argv.n == 0) {
		return false;
	}
	strings_add(&argv, xstrdup("-dumpversion"));
	struct spawned s = spawn(NULL, argv.at, STDERR_DROP);

	return s.status == 0 && strtol(s.out, NULL, 10) >= COLUMNLESS_CC;
}

// Returns whether the flags select debug information by a plain -g, as Go does by default.
static bool
is_plain_debug(const char *flags)
{
	bool plain = false;
	char *rest = NULL;

	for (char *w = strtok_r(xstrdup(flags), " \t\r\n", &rest); w != NULL;
		w = strtok_r(NULL, " \t\r\n", &rest)) {
		if (has_prefix(w, "-g")) {
			plain = strcmp(w, "-g") == 0;
		}
	}
	return plain;
}

// Returns the debug flags for our C code, each preceded by a space. Tracebacks and profiles need
// lines and inlined calls. Columns, variables and types of our C code are included only if the user
// asks for -g2 or -g3.
const char *
compiler_debug_flags(const struct goenv *e)
{
	if (!is_plain_debug(e->cgo_cflags)) {
		return "";
	}
	return can_omit_columns(e->cc) ? " -g1 -gno-column-info" : " -g1";
}
