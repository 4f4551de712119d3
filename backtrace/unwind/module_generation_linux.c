// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object a sample met at a place. Runs in handlers with all
// signals blocked.

#include "module_generation.h"

#include "mark.h"
#include "module_internal.h"

#if UINTPTR_MAX > 0xffffffffu

#	define NUMBER_SHIFT 56
#	define NUMBER_OF(pc) ((pc) >> NUMBER_SHIFT)
#	define WITH_NUMBER(pc, number) ((pc) | (uintptr_t)(number) << NUMBER_SHIFT)
#	define WITHOUT_NUMBER(pc) ((pc) & (((uintptr_t)1 << NUMBER_SHIFT) - 1))

// The numbers are those of entries from 1 on, one for code that is in no object, and one for what
// found no room.
#	define EDITIONS 125
#	define NUMBER_GENERATED (EDITIONS + 1)
#	define NUMBER_LOST (EDITIONS + 2)

#	define STAYS_AFTER 1000 // milliseconds

// owner: whoever drew its number; lock: none; ordering: ready, release and acquire
static struct rcgo_module_generation editions[EDITIONS];

// How many numbers have been drawn.
// owner: whoever draws; lock: none; ordering: compare and swap
static uint32_t editions_drawn;

// Whether an object has followed upon another one.
// owner: who finds it out; lock: none; ordering: a word
static bool editions_follow;

// owner: rcgo__generations_stop; lock: none; ordering: a word
static bool editions_ended;

static const struct rcgo_module_generation edition_lost, edition_generated;

static bool
holds(const struct rcgo_module_generation *e, uintptr_t pc)
{
	return rcgo_load_acq(&e->ready) != 0 &&
	       pc - e->module.start < e->module.end - e->module.start;
}

static bool
is_same(const struct rcgo_module_generation *e, const struct rcgo_module *m)
{
	return rcgo_load_acq(&e->ready) != 0 && e->module.key == m->key &&
	       e->module.start == m->start;
}

// Tells those that were met where m is that another one has followed. Returns whether any was.
static bool
note_followed(const struct rcgo_module *m)
{
	uint32_t n = rcgo_load_acq(&editions_drawn);
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		const struct rcgo_module *other = &editions[i].module;

		if (rcgo_load_acq(&editions[i].ready) != 0 && other->start < m->end &&
			m->start < other->end && !is_same(&editions[i], m)) {
			rcgo_store_rlx(&editions[i].followed, true);
			rcgo_store_rlx(&editions_follow, true);
			any = true;
		}
	}
	return any;
}

// Whether e is one whose program counters carry no number.
static bool
stays(struct rcgo_module_generation *e)
{
	if (!e->first || rcgo_load_rlx(&e->followed)) {
		return false;
	}
	if (!rcgo_load_rlx(&e->stays)) {
		if (rcgo__coarse_clock_ms() - e->met < STAYS_AFTER) {
			return false;
		}
		rcgo_store_rlx(&e->stays, true);
	}
	return true;
}

// Draws a number, from 1 on; 0 when there is none left.
static uint32_t
draw(void)
{
	uint32_t n = rcgo_load_acq(&editions_drawn);

	while (n < EDITIONS) {
		if (rcgo_cas(&editions_drawn, &n, n + 1)) {
			return n + 1;
		}
	}
	return 0;
}

static RCGO_COLD uint32_t
learn(const struct rcgo_module *m)
{
	bool first = !note_followed(m);
	uint32_t number = draw();
	struct rcgo_module_generation *e;
	size_t size;

	if (number == 0) {
		return rcgo_load_rlx(&editions_follow) ? NUMBER_LOST : 0;
	}
	e = &editions[number - 1];
	e->module = *m;
	e->first = first;
	e->met = rcgo__coarse_clock_ms();
	size = rcgo__module_build_id(m, e->id, sizeof e->id);
	e->size = (uint8_t)(size > sizeof e->id ? 0 : size);
	if (!rcgo__module_name(m, e->path, sizeof e->path)) {
		e->path[0] = 0;
	}
	rcgo_store_rel(&e->ready, 1);
	return number;
}

static uint32_t
number_of(const struct rcgo_module *m)
{
	uint32_t n = rcgo_load_acq(&editions_drawn);

	for (uint32_t i = 0; i < n; i++) {
		if (is_same(&editions[i], m)) {
			return stays(&editions[i]) ? 0 : i + 1;
		}
	}
	return learn(m);
}

// What is in no object was written by a just-in-time compiler, and may be gone when Go asks. But a
// place whose object is not known now, as where the kernel would have to be asked too often, must
// not have the name of one that was there before.
static uint32_t
number_of_unknown(uintptr_t pc)
{
	uint32_t n = rcgo_load_acq(&editions_drawn);

	for (uint32_t i = 0; i < n; i++) {
		if (holds(&editions[i], pc)) {
			return NUMBER_LOST;
		}
	}
	return NUMBER_GENERATED;
}

void
rcgo__generations_tag(uintptr_t *pcs, size_t n)
{
	struct rcgo_module m = {.start = 0, .end = 0};
	uint32_t number = 0;

	for (size_t i = 0; i < n; i++) {
		if (rcgo__mark_is(pcs[i])) {
			continue;
		}
		if (pcs[i] - m.start >= m.end - m.start) {
			if (!rcgo__module_find(pcs[i], &m)) {
				m.start = m.end = 0;
				pcs[i] = WITH_NUMBER(pcs[i], number_of_unknown(pcs[i]));
				continue;
			}
			number = m.nodelete ? 0 : number_of(&m);
		}
		pcs[i] = WITH_NUMBER(pcs[i], number);
	}
}

void
rcgo__generations_stop(void)
{
	rcgo_store_rlx(&editions_ended, true);
}

bool
rcgo__generations_are_stopped(void)
{
	return rcgo_load_rlx(&editions_ended);
}

uintptr_t
rcgo__generation_resolve(uintptr_t pc)
{
	uint32_t n = rcgo_load_acq(&editions_drawn);

	if (NUMBER_OF(pc) != 0 || rcgo_load_rlx(&editions_ended)) {
		return pc;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (holds(&editions[i], pc) && editions[i].first) {
			return WITH_NUMBER(pc, i + 1);
		}
	}
	return pc;
}

const struct rcgo_module_generation *
rcgo__generation_untag(uintptr_t *pc)
{
	uintptr_t number = NUMBER_OF(*pc);

	if (number == 0 || number > NUMBER_LOST) {
		return NULL; // what is beyond is no program counter at all
	}
	*pc = WITHOUT_NUMBER(*pc);
	if (number == NUMBER_GENERATED) {
		return &edition_generated;
	}
	return number <= EDITIONS && holds(&editions[number - 1], *pc) ? &editions[number - 1]
								       : &edition_lost;
}

bool
rcgo__generation_is_jit(const struct rcgo_module_generation *edition)
{
	return edition == &edition_generated;
}

#else

bool
rcgo__generation_is_jit(RCGO_UNUSED const struct rcgo_module_generation *edition)
{
	return false;
}

void
rcgo__generations_tag(RCGO_UNUSED uintptr_t *pcs, RCGO_UNUSED size_t n)
{
}

void
rcgo__generations_stop(void)
{
}

bool
rcgo__generations_are_stopped(void)
{
	return false;
}

uintptr_t
rcgo__generation_resolve(uintptr_t pc)
{
	return pc;
}

const struct rcgo_module_generation *
rcgo__generation_untag(RCGO_UNUSED uintptr_t *pc)
{
	return NULL;
}

#endif
