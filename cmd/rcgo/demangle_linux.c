// SPDX-License-Identifier: BSD-3-Clause
// Demangling by libiberty, as in binutils.
#include "symbols.h"

#include <libiberty/demangle.h>

char *
demangle_name(const char *name, bool no_recurse_limit)
{
	return cplus_demangle(
		name, DMGL_PARAMS | DMGL_ANSI | (no_recurse_limit ? DMGL_NO_RECURSE_LIMIT : 0));
}

bool
demangle_set_style(const char *style)
{
	enum demangling_styles s = cplus_demangle_name_to_style(style);

	return s != unknown_demangling && (cplus_demangle_set_style(s), true);
}
