// SPDX-License-Identifier: BSD-3-Clause
// The text of marks (mark.h), the pseudo program counters in a backtrace. Runs in signal handlers.

#include <string.h>

#include "mark.h"
#include "module.h"
#include "strbuf.h"

#define MARK_PATH 256

// Appends the called address as object+offset if an object contains it.
static void
mark_append_address(struct rcgo_strbuf *t, uintptr_t address)
{
	char path[MARK_PATH];
	struct rcgo_module module;
	const char *slash;

	if (address == 0) {
		rcgo__append_str(t, "NULL");
		return;
	}
	if (rcgo__module_find(address, &module) && rcgo__module_name(&module, path, sizeof path)) {
		slash = strrchr(path, '/');
		rcgo__append_str(t, "data: ");
		rcgo__append_str(t, slash == NULL ? path : slash + 1);
		rcgo__append_str(t, "+");
		rcgo__append_hex(t, address - module.bias);
		return;
	}
	rcgo__append_hex(t, address);
	rcgo__append_str(t, ", which is not code");
}

void
rcgo__mark_text(uintptr_t mark, char *text, size_t size)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(text, size);
	uintptr_t value = mark & (((uintptr_t)1 << RCGO_MARK_SHIFT) - 1);

	rcgo__append_str(&t, "[");
	switch (mark >> RCGO_MARK_SHIFT) {
	case RCGO_MARK_ELIDED:
		if (value != 0) {
			rcgo__append_uint(&t, value, 0);
			rcgo__append_str(&t, " ");
		}
		rcgo__append_str(&t, "frames elided");
		break;
	case RCGO_MARK_NOT_CODE:
		rcgo__append_str(&t, "call of ");
		mark_append_address(&t, value);
		break;
	default:
		rcgo__append_str(&t, "the C stack is lost here");
		break;
	}
	rcgo__append_str(&t, "]");
}
