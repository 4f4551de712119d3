// SPDX-License-Identifier: BSD-3-Clause
// The boundary, code at which unwinding ends. Runs in signal handlers with all signals blocked.

#include "unwind_step.h"

// The program gives the bounds of one range. In other objects of the same origin the boundary is
// all code without unwind information, because every C compiler emits unwind information.

// owner: rcgo__unwind_set_boundary, before the first signal whose stack is unwound; lock: none;
// ordering: the size is stored last, with release
RCGO_INTERN_OBJECT struct rcgo_boundary rcgo__boundary;

void
rcgo__unwind_set_boundary(const struct rcgo_unwind_boundary *wanted)
{
	rcgo__boundary.note = wanted->note;
	rcgo_store_rlx(&rcgo__boundary.start, wanted->start);
	rcgo_store_rel(&rcgo__boundary.size, wanted->end - wanted->start);
}

// Caches which objects carry the note: the module key with its lowest bit replaced by the answer.
// owner: any thread; lock: none; ordering: relaxed, each word is independent
static uintptr_t opaque_objects[16];

static bool
carries_note(const struct rcgo_module *m)
{
	uintptr_t key = m->key & ~(uintptr_t)1;
	uintptr_t *cached = &opaque_objects[key / 2 % RCGO_COUNTOF(opaque_objects)];
	uintptr_t answer = rcgo_load_rlx(cached);

	if ((answer & ~(uintptr_t)1) != key) {
		answer = key | rcgo__module_has_note(m, &rcgo__boundary.note);
		rcgo_store_rlx(cached, answer);
	}
	return (answer & 1) != 0;
}

// The object that contains the range itself is not opaque: its C code without unwind information
// may be anywhere, and the boundary is known exactly.
bool
rcgo__unwind_object_is_opaque(const struct rcgo_unwind *unwind)
{
	const struct rcgo_module *m = &unwind->object[unwind->current].module;
	uintptr_t start = rcgo_load_rlx(&rcgo__boundary.start);

	return rcgo__boundary.note.type != 0 && m->eh_frame_hdr != NULL &&
	       start - m->start >= m->end - m->start && carries_note(m);
}
