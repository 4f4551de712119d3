// SPDX-License-Identifier: BSD-3-Clause
// The table of limits in the message about a thread that cannot be started. Runs on g0.

//go:build unix

//rcgo:small

#include "thread_limits.h"

#include "strbuf.h"

#define VALUE_COLUMN 40
#define NUMBER_WIDTH 12

void
rcgo__limits_table_head(struct rcgo_strbuf *t)
{
	size_t start = t->len;

	rcgo__append_str(t, "\tlimit");
	rcgo__append_padding(t, start, VALUE_COLUMN);
	rcgo__append_str(t, "       value        used");
}

void
rcgo__limits_table_row(
	struct rcgo_strbuf *t, const char *name, const struct rcgo_limit_usage *u, bool hit)
{
	size_t start;

	rcgo__append_str(t, "\n");
	start = t->len;
	rcgo__append_str(t, "\t");
	rcgo__append_str(t, name);
	rcgo__append_padding(t, start, VALUE_COLUMN);
	if (u->value == RCGO_UNLIMITED) {
		rcgo__append_str(t, "   unlimited");
	} else {
		rcgo__append_uint(t, u->value, NUMBER_WIDTH);
	}
	rcgo__append_uint(t, u->used, NUMBER_WIDTH);
	rcgo__append_str(t, hit ? "  <- reached" : "");
}
