// SPDX-License-Identifier: BSD-3-Clause
// Our C sources of runtime/cgo, embedded in the binary; `embed` generates the table.
#include "rcgo.h"

#include <string.h>

// The list of symbols is embedded with the sources but is not part of the package.
static const char symbols[] = "symbols.txt";

bool
payload_is_source(const struct payload_file *f)
{
	return strcmp(f->name, symbols) != 0;
}

char *
payload_text(const struct payload_file *f)
{
	return strndup((const char *)f->data, (size_t)(f->end - f->data));
}

char *
payload_symbols(void)
{
	for (size_t i = 0; i < payload_count; i++) {
		if (!payload_is_source(&payload[i])) {
			return payload_text(&payload[i]);
		}
	}
	return xstrdup("");
}
