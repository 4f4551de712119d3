// SPDX-License-Identifier: BSD-3-Clause
// The C compiler at hand: its words, and the debug information that our C is compiled with.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

// The first version of gcc that can leave columns out; clang counts in another way, and every clang
// that answers with this much can.
enum { COLUMNLESS_CC = 8 };

// The words of CC, as in CC="ccache gcc", with the program's full path first. NULL when it is not
// to be found.
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

// Whether the compiler takes -gno-column-info. To ask costs one start of its driver, 1 or 2 ms.
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

// Whether the user has left the kind of debug information open: -g, as Go sets it, and no more.
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

// The flags that say how much debug information our C has, each after a space. Lines and inlined
// calls are what tracebacks and profiles name; columns, variables and types of our C are wanted by
// nobody who does not say -g2 or -g3.
const char *
compiler_debug_flags(const struct goenv *e)
{
	if (!is_plain_debug(e->cgo_cflags)) {
		return "";
	}
	return can_omit_columns(e->cc) ? " -g1 -gno-column-info" : " -g1";
}
