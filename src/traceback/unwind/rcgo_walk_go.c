// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: where Go's code lies. The bounds of the program's own are told; in
// plugins and shared objects of Go packages it is what lacks the unwind information that every
// compiler of C leaves, and Go's linker does not. Runs in handlers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // names of registers in ucontext_t
#endif

#include "rcgo_step.h"

// owner: whoever starts Go, once; lock: none; ordering: relaxed: the size is stored last, and
// before there are signals for Go
static struct {
	uintptr_t start, size;
} go_text;

void
rcgo__walk_set_go_text(uintptr_t start, uintptr_t end)
{
	rcgo_store_rlx(&go_text.start, start);
	rcgo_store_rel(&go_text.size, end - start);
}

bool
rcgo__walk_in_go(uintptr_t pc)
{
	return pc - rcgo_load_rlx(&go_text.start) < rcgo_load_rlx(&go_text.size);
}

// What was found out of objects, by key: the key, and in its lowest bit, which is set in every key,
// whether Go's linker made the object.
// owner: any; lock: none; ordering: relaxed, each word stands for itself
static uintptr_t makers[16];

static bool
has_go(const struct rcgo_module *m)
{
	uintptr_t key = m->key & ~(uintptr_t)1;
	uintptr_t *known = &makers[key / 2 % RCGO_COUNTOF(makers)];
	uintptr_t maker = rcgo_load_rlx(known);

	if ((maker & ~(uintptr_t)1) != key) {
		maker = key | rcgo__module_has_go(m);
		rcgo_store_rlx(known, maker);
	}
	return (maker & 1) != 0;
}

// The program's own object is not meant: C without unwind information may be anywhere in it, and
// where Go is, is known.
bool
rcgo__walk_made_by_go(const struct rcgo_walk *walk)
{
	const struct rcgo_module *m = &walk->object[walk->current].module;
	uintptr_t start = rcgo_load_rlx(&go_text.start);

	return m->eh_frame_hdr != NULL && start - m->start >= m->end - m->start && has_go(m);
}
