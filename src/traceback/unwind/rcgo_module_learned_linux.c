// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the kernel has said of addresses that nobody else knows: of
// objects, where libc has no _dl_find_object or is just loading them, and of code of no object (a
// compiler's at run time). Runs on any stack, in handlers too.

#include "rcgo_module_parts.h"

#include <time.h>

#define LEARNED 32
// The kernel is asked at most once in so many milliseconds, as its text costs 20 us and more, ...
#define ASK_EVERY 10
// ... and what is no object may have become one after so many.
#define FORGET_AFTER 200

// One thing learned. A writer makes edition odd, and who finds it odd, or another afterwards, has
// read nothing.
struct learned {
	uintptr_t edition;
	struct rcgo_module module; // key is 0 for what is no object
	uintptr_t until;	   // in milliseconds, for that
};

// owner: who has made its edition odd; lock: edition, never waited for; ordering: edition's
static struct learned learned[LEARNED];
// owner: any; lock: none; ordering: relaxed, a hint
static uintptr_t next_learned;
// owner: who moves it on; lock: none; ordering: relaxed, one wins
static uintptr_t ask_again;

uintptr_t
rcgo__milliseconds(void)
{
	struct timespec now = {0, 0};

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uintptr_t)now.tv_sec * 1000 + (uintptr_t)now.tv_nsec / 1000000;
}

// Reads a slot. Returns whether it held still.
static bool
read_learned(const struct learned *s, struct rcgo_module *m, uintptr_t *until)
{
	uintptr_t edition = rcgo_load_acq(&s->edition);

	rcgo__module_load(m, &s->module);
	*until = rcgo_load_acq(&s->until);
	return (edition & 1) == 0 && rcgo_load_rlx(&s->edition) == edition;
}

// Writes a slot, unless another thread does.
static void
write_learned(struct learned *s, const struct rcgo_module *m, uintptr_t until)
{
	uintptr_t edition = rcgo_load_rlx(&s->edition);

	if ((edition & 1) != 0 || !rcgo_cas(&s->edition, &edition, edition + 1)) {
		return;
	}
	rcgo__module_store(&s->module, m);
	rcgo_store_rel(&s->until, until);
	rcgo_store_rel(&s->edition, edition + 2);
}

// The slot that holds pc, or NULL.
static struct learned *
learned_of(uintptr_t pc, struct rcgo_module *m, uintptr_t *until)
{
	for (size_t i = 0; i < LEARNED; i++) {
		if (pc - rcgo_load_rlx(&learned[i].module.start) <
				rcgo_load_rlx(&learned[i].module.end) -
					rcgo_load_rlx(&learned[i].module.start) &&
			read_learned(&learned[i], m, until) && pc - m->start < m->end - m->start) {
			return &learned[i];
		}
	}
	return NULL;
}

// Whether the kernel may be asked now.
static bool
may_ask(uintptr_t now)
{
	uintptr_t again = rcgo_load_rlx(&ask_again);

	return now >= again && rcgo_cas(&ask_again, &again, now + ASK_EVERY);
}

// Asks the kernel for the object of pc. A mapping that belongs to none is m with a key of 0.
static bool
ask_kernel(uintptr_t pc, struct rcgo_module *m)
{
	struct rcgo_mapping mapping;

	if (!rcgo__mapping_find(pc, &mapping, NULL, 0)) {
		return false;
	}
	if (mapping.header == 0 || !rcgo__image_read(mapping.header, m) ||
		pc - m->start >= m->end - m->start || !rcgo__image_key(m, NULL)) {
		*m = (struct rcgo_module){.start = mapping.start, .end = mapping.end};
		return true;
	}
	m->pinned = !RCGO_LIBC_UNMAPS;
	return true;
}

bool
rcgo__learned_find(uintptr_t pc, struct rcgo_module *out)
{
	uintptr_t now = rcgo__milliseconds();
	uintptr_t until;
	struct learned *slot = learned_of(pc, out, &until);

	if (slot != NULL) {
		uintptr_t key = out->key;

		if (key == 0 && now < until) {
			return false;
		}
		if (key != 0 && (out->pinned || (rcgo__image_key(out, NULL) && out->key == key))) {
			return true;
		}
	}
	if (!may_ask(now) || !ask_kernel(pc, out)) {
		return false;
	}
	if (slot == NULL) {
		slot = &learned[rcgo_add_rlx(&next_learned, 1) % LEARNED];
	}
	write_learned(slot, out, now + FORGET_AFTER);
	return out->key != 0;
}
