// SPDX-License-Identifier: BSD-3-Clause
// System Calls: why an all-threads call was not made, in words. Runs on the caller's stack.

#include "rcgo_allthreads.h"

#include <string.h>

#include "rcgo_text.h"

// What stands before and after the thread.
static const struct {
	const char *before;
	const char *after;
} causes[] = {
	[RCGO_ALL_BLOCKED] = {"", " blocks signal 33, by which threads are stopped"},
	[RCGO_ALL_NO_ANSWER] = {"",
		" did not stop: it waits in the kernel, or a debugger holds it"},
	[RCGO_ALL_REFUSED] = {"the kernel refuses signal 33 to ", " (a seccomp filter?)"},
	[RCGO_ALL_NO_PROC] = {"/proc/self/task cannot be read, so ", " cannot all be found"},
	[RCGO_ALL_NO_MEMORY] = {"no memory to list ", ""},
	[RCGO_ALL_MANY] = {"the process has more than 49,152 ", ""},
};

void
rcgo__all_explain(const struct rcgo_all_failure *f, struct rcgo_all_threads_why *why)
{
	struct rcgo_text t = rcgo__text_init(why->text, sizeof why->text);
	char path[64], name[32];
	struct rcgo_text p = rcgo__text_init(path, sizeof path);

	why->tid = (int32_t)f->tid;
	if (f->cause == RCGO_ALL_NONE) {
		return;
	}
	rcgo__text_str(&t, causes[f->cause].before);
	if (f->tid == 0) {
		rcgo__text_str(&t, "threads");
	} else {
		rcgo__text_str(&t, "thread ");
		rcgo__text_dec(&t, f->tid, 0);
		rcgo__text_str(&p, "/proc/self/task/");
		rcgo__text_dec(&p, f->tid, 0);
		rcgo__text_str(&p, "/comm");
		if (rcgo__file_read(path, name, sizeof name) > 0) {
			name[strcspn(name, "\n")] = 0;
			rcgo__text_str(&t, " (");
			rcgo__text_str(&t, name);
			rcgo__text_str(&t, ")");
		}
	}
	rcgo__text_str(&t, causes[f->cause].after);
	if (f->cause == RCGO_ALL_NO_ANSWER && f->thread_state != 0) {
		const char state[] = {f->thread_state, 0};

		rcgo__text_str(&t, " (state ");
		rcgo__text_str(&t, state);
		rcgo__text_str(&t, " in /proc)");
	}
	rcgo__text_str(&t, "; nothing was applied");
}
