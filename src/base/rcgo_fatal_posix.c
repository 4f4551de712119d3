// SPDX-License-Identifier: BSD-3-Clause
// Base: the end of the process, with a message. Runs on any stack, also on a signal stack.

//go:build unix

#include "rcgo_fatal.h"

#include <stdlib.h>
#include <unistd.h>

#include "rcgo_text.h"

void
rcgo__fatal(const char *message)
{
	char buf[2048];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, "runtime/cgo: ");
	rcgo__text_str(&t, message);
	rcgo__text_str(&t, "\n");
	rcgo__text_write(&t, STDERR_FILENO);
	abort();
}

void
rcgo__fatal_errno(const char *call, int err)
{
	char buf[256];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, call);
	rcgo__text_str(&t, " failed: ");
	rcgo__text_errno(&t, err);
	rcgo__fatal(buf);
}
