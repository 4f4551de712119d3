// SPDX-License-Identifier: BSD-3-Clause
// Module generations: which object a sample found at an address. Runs in signal handlers with all
// signals blocked.

#include "module_generation.h"

#include "clock.h"
#include "mark.h"
#include "module_internal.h"

#if RCGO_MODULE_GENERATIONS // otherwise module_generation_none.c

#	define NUMBER_SHIFT 56
#	define NUMBER_OF(pc) ((pc) >> NUMBER_SHIFT)
#	define WITH_NUMBER(pc, number) ((pc) | (uintptr_t)(number) << NUMBER_SHIFT)
#	define WITHOUT_NUMBER(pc) ((pc) & (((uintptr_t)1 << NUMBER_SHIFT) - 1))

// Numbers 1 to GENERATIONS are those of entries. One more is for code in no object, and one for
// generations that did not fit into the table.
#	define GENERATIONS 125
#	define NUMBER_JIT (GENERATIONS + 1)
#	define NUMBER_UNKNOWN (GENERATIONS + 2)

#	define PERMANENT_AFTER 1000 // milliseconds

// owner: the thread that allocated the number; lock: none; ordering: ready, release and acquire
static struct rcgo_module_generation generations[GENERATIONS];

// The number of entries in use.
// owner: any thread; lock: none; ordering: compare and swap
static uint32_t generations_used;

// Whether an object has replaced another one.
// owner: any thread; lock: none; ordering: relaxed, a single word
static bool generations_replaced;

// owner: rcgo__generations_stop; lock: none; ordering: relaxed, a single word
static bool generations_stopped;

static const struct rcgo_module_generation generation_unknown, generation_jit;

static bool
generation_holds(const struct rcgo_module_generation *e, uintptr_t pc)
{
	return rcgo_load_acq(&e->ready) != 0 &&
	       pc - e->module.start < e->module.end - e->module.start;
}

static bool
generation_is(const struct rcgo_module_generation *e, const struct rcgo_module *m)
{
	return rcgo_load_acq(&e->ready) != 0 && e->module.key == m->key &&
	       e->module.start == m->start;
}

// Marks the generations that overlap m as replaced. Returns whether there were any.
static bool
mark_replaced(const struct rcgo_module *m)
{
	uint32_t n = rcgo_load_acq(&generations_used);
	bool any = false;

	for (uint32_t i = 0; i < n; i++) {
		const struct rcgo_module *other = &generations[i].module;

		if (rcgo_load_acq(&generations[i].ready) != 0 && other->start < m->end &&
			m->start < other->end && !generation_is(&generations[i], m)) {
			rcgo_store_rlx(&generations[i].replaced, true);
			rcgo_store_rlx(&generations_replaced, true);
			any = true;
		}
	}
	return any;
}

// Reports whether e is permanent, that is, its program counters are not tagged.
static bool
generation_is_permanent(struct rcgo_module_generation *e)
{
	if (!e->first || rcgo_load_rlx(&e->replaced)) {
		return false;
	}
	if (!rcgo_load_rlx(&e->permanent)) {
		if ((uintptr_t)(rcgo__clock_coarse_ns() / RCGO_MS) - e->first_seen <
			PERMANENT_AFTER) {
			return false;
		}
		rcgo_store_rlx(&e->permanent, true);
	}
	return true;
}

// Allocates a number, from 1 on. Returns 0 if the table is full.
static uint32_t
generation_allocate(void)
{
	uint32_t n = rcgo_load_acq(&generations_used);

	while (n < GENERATIONS) {
		if (rcgo_cas(&generations_used, &n, n + 1)) {
			return n + 1;
		}
	}
	return 0;
}

static RCGO_COLD uint32_t
generation_add(const struct rcgo_module *m)
{
	bool first = !mark_replaced(m);
	uint32_t number = generation_allocate();
	struct rcgo_module_generation *e;
	size_t size;

	if (number == 0) {
		return rcgo_load_rlx(&generations_replaced) ? NUMBER_UNKNOWN : 0;
	}
	e = &generations[number - 1];
	e->module = *m;
	e->first = first;
	e->first_seen = (uintptr_t)(rcgo__clock_coarse_ns() / RCGO_MS);
	size = rcgo__module_build_id(m, e->id, sizeof e->id);
	e->size = (uint8_t)(size > sizeof e->id ? 0 : size);
	if (!rcgo__module_name(m, e->path, sizeof e->path)) {
		e->path[0] = 0;
	}
	rcgo_store_rel(&e->ready, 1);
	return number;
}

static uint32_t
generation_number(const struct rcgo_module *m)
{
	uint32_t n = rcgo_load_acq(&generations_used);

	for (uint32_t i = 0; i < n; i++) {
		if (generation_is(&generations[i], m)) {
			return generation_is_permanent(&generations[i]) ? 0 : i + 1;
		}
	}
	return generation_add(m);
}

// Returns the number for a pc without a known object. Such code usually comes from a just-in-time
// compiler, and may be gone when Go asks. But an address whose object is currently unknown, for
// example because of the kernel's rate limit, must not get the name of an earlier object.
static uint32_t
generation_number_unlisted(uintptr_t pc)
{
	uint32_t n = rcgo_load_acq(&generations_used);

	for (uint32_t i = 0; i < n; i++) {
		if (generation_holds(&generations[i], pc)) {
			return NUMBER_UNKNOWN;
		}
	}
	return NUMBER_JIT;
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
				pcs[i] = WITH_NUMBER(pcs[i], generation_number_unlisted(pcs[i]));
				continue;
			}
			number = m.nodelete ? 0 : generation_number(&m);
		}
		pcs[i] = WITH_NUMBER(pcs[i], number);
	}
}

void
rcgo__generations_stop(void)
{
	rcgo_store_rlx(&generations_stopped, true);
}

bool
rcgo__generations_are_stopped(void)
{
	return rcgo_load_rlx(&generations_stopped);
}

uintptr_t
rcgo__generation_resolve(uintptr_t pc)
{
	uint32_t n = rcgo_load_acq(&generations_used);

	if (NUMBER_OF(pc) != 0 || rcgo_load_rlx(&generations_stopped)) {
		return pc;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (generation_holds(&generations[i], pc) && generations[i].first) {
			return WITH_NUMBER(pc, i + 1);
		}
	}
	return pc;
}

const struct rcgo_module_generation *
rcgo__generation_untag(uintptr_t *pc)
{
	uintptr_t number = NUMBER_OF(*pc);

	if (number == 0 || number > NUMBER_UNKNOWN) {
		return NULL; // a larger number is not a tagged program counter
	}
	*pc = WITHOUT_NUMBER(*pc);
	if (number == NUMBER_JIT) {
		return &generation_jit;
	}
	return number <= GENERATIONS && generation_holds(&generations[number - 1], *pc)
		       ? &generations[number - 1]
		       : &generation_unknown;
}

bool
rcgo__generation_is_jit(const struct rcgo_module_generation *generation)
{
	return generation == &generation_jit;
}

#endif
