// SPDX-License-Identifier: BSD-3-Clause
// Demangling by the demangler of backtrace/: libiberty is no library of FreeBSD. C++ and Rust, with
// bounds of its own on names.
#include <string.h>

#include "demangle.h"
#include "rcgo.h"
#include "symbols.h"

enum { SCRATCH = 256 * 1024, TEXT_MAX = 16 * 1024 };

char *
demangle_name(const char *name, bool no_recurse_limit)
{
	static struct rcgo_arena scratch;
	static char text[TEXT_MAX];

	(void)no_recurse_limit; // it does not recurse
	if (scratch.at == NULL && rcgo__arena_init(&scratch, SCRATCH) != 0) {
		return NULL;
	}
	return rcgo__demangle(name, &scratch, text, sizeof text) > 0 ? xstrdup(text) : NULL;
}

bool
demangle_set_style(const char *style)
{
	static const char *const known[] = {"auto", "gnu", "gnu-v3", "rust"};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(style, known[i]) == 0) {
			return true;
		}
	}
	return false;
}
