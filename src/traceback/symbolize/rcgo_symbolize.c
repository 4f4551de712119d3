// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: program counters of this process described for Go, for the crash report
// and for C code. Runs on any stack.

#include "rcgo_symbolize.h"

#include <string.h>

#include "rcgo_cancel.h"
#include "rcgo_symbolize_here.h"

// owner: whoever made its busy 1 lock: none, it is only tried ordering: acquire, release
static struct rcgo_here here_everyday;
// owner: whoever made its busy 1 lock: none, it is only tried ordering: acquire, release
static struct rcgo_here here_spare;

static bool
here_take(struct rcgo_here *here)
{
	return __atomic_exchange_n(&here->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void
here_give(struct rcgo_here *here)
{
	rcgo_store_rel(&here->busy, 0);
}

size_t
rcgo__symbolize_into(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	struct rcgo_line_text out = {.at = text, .size = size};
	size_t n;
	int cancel;

	if (max == 0) {
		return 0;
	}
	cancel = rcgo__cancel_off();
	if (here_take(&here_everyday)) {
		n = rcgo__here_frames(&here_everyday, true, pc, frames, max, &out);
		here_give(&here_everyday);
	} else if (here_take(&here_spare)) {
		n = rcgo__here_frames(&here_spare, false, pc, frames, max, &out);
		here_give(&here_spare);
	} else {
		struct rcgo_here_place place;

		rcgo__here_find(pc, &place);
		rcgo__here_bare(&place, frames, &out);
		n = 1;
	}
	rcgo__cancel_back(cancel);
	return n;
}

#define TEXTS 4
#define TEXT_SIZE (16 * 1024)

// owner: the calls that got the number lock: none ordering: by the number alone
static char texts[TEXTS][TEXT_SIZE];
// owner: all callers lock: none ordering: relaxed, numbers need only differ
static uint32_t text_number;

size_t
rcgo__symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max)
{
	uint32_t number = __atomic_fetch_add(&text_number, 1, __ATOMIC_RELAXED);

	return rcgo__symbolize_into(pc, frames, max, texts[number % TEXTS], TEXT_SIZE);
}
