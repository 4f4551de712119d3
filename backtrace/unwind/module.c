// SPDX-License-Identifier: BSD-3-Clause
// Finds the object that contains an address, and its name. Safe in signal handlers, on any stack.

#include "clock.h"
#include "module_internal.h"
#include "safe_read.h"
#include "symbol_lookup.h"

// Reports whether m, from the published list, is still mapped.
static bool
still_there(const struct rcgo_module *m)
{
	struct rcgo_module now = *m;

	return rcgo__image_key(&now, NULL) && now.key == m->key;
}

bool
rcgo__module_find(uintptr_t pc, struct rcgo_module *out)
{
	struct rcgo_module listed;
	bool known = rcgo__list_find(pc, &listed);
	enum rcgo_lookup_result answer;

	if (known && listed.nodelete) {
		*out = listed;
		return true;
	}
	answer = rcgo__dlfo_find(pc, out);
	if (answer == RCGO_LOOKUP_YES) {
		if (known && listed.key == out->key) {
			out->eh_frame_hdr_size = listed.eh_frame_hdr_size;
		}
		return true;
	}
	if (answer == RCGO_LOOKUP_NONE && known && still_there(&listed)) {
		*out = listed;
		return true;
	}
	return rcgo__kernel_lookup_find(pc, out);
}

// Addresses that no program has: the first page, and the kernel's half. A program of 32 bits on a
// kernel of 64 has both halves.
#if UINTPTR_MAX > UINT32_MAX
#	define USER_MOST (UINTPTR_MAX / 2)
#else
#	define USER_MOST (UINTPTR_MAX - 4096)
#endif

static bool
not_user_address(uintptr_t pc)
{
	return pc < 4096 || pc > USER_MOST;
}

enum rcgo_code
rcgo__module_code(uintptr_t pc, uintptr_t *start, uintptr_t *end)
{
	struct rcgo_mapping mapping, own;
	struct rcgo_module module;

	if (not_user_address(pc)) {
		return RCGO_CODE_NONE;
	}
	if (!rcgo__mapping_find(pc, &mapping, NULL, 0)) {
		// Nothing is mapped at pc, unless the kernel does not report our own code either.
		return rcgo__mapping_find((uintptr_t)rcgo__module_code, &own, NULL, 0)
			       ? RCGO_CODE_NONE
			       : RCGO_CODE_UNKNOWN;
	}
	if (!mapping.executable) {
		return RCGO_CODE_NONE;
	}
	if (mapping.header != 0 && rcgo__image_read(mapping.header, &module)) {
		return RCGO_CODE_OBJECT;
	}
	*start = mapping.start;
	*end = mapping.end;
	return RCGO_CODE_GENERATED;
}

bool
rcgo__module_name(const struct rcgo_module *m, char *path, size_t cap)
{
	struct rcgo_mapping mapping;

	if (cap == 0) {
		return false;
	}
	return (rcgo__mapping_find(m->start, &mapping, path, cap) && path[0] != 0) ||
	       rcgo__dlfo_name(m, path, cap);
}

// The cache of kernel lookups: answers of the kernel about addresses that no other source knows.
// They are objects where libc has no _dl_find_object or is just loading them, and code outside
// objects, such as JIT code.

#define KERNEL_ANSWERS 32
// The minimum interval between kernel queries, in milliseconds: reading /proc/self/maps
// costs 20 us or more.
#define KERNEL_QUERY_INTERVAL 10
// The lifetime of a negative answer, in milliseconds: an object may be mapped there later.
#define NEGATIVE_LIFETIME 200

// One answer. A writer makes generation odd while it writes. A reader that finds it odd or changed
// discards what it read.
struct kernel_answer {
	uintptr_t generation;
	struct rcgo_module module; // key 0: the mapping belongs to no object
	uintptr_t expiry;	   // in milliseconds, for key 0
};

// owner: the thread that made generation odd; lock: generation, never waited for; ordering:
// that of generation
static struct kernel_answer kernel_answers[KERNEL_ANSWERS];
// owner: any thread; lock: none; ordering: relaxed, a hint
static uintptr_t kernel_answers_next;
// owner: any thread; lock: none; ordering: relaxed, one of several compare-and-swaps succeeds
static uintptr_t kernel_query_after;

// Reads a slot. Returns whether the copy is consistent.
static bool
kernel_answer_read(const struct kernel_answer *s, struct rcgo_module *m, uintptr_t *expiry)
{
	uintptr_t generation = rcgo_load_acq(&s->generation);

	rcgo__module_load(m, &s->module);
	*expiry = rcgo_load_acq(&s->expiry);
	return (generation & 1) == 0 && rcgo_load_rlx(&s->generation) == generation;
}

// Writes a slot, unless another thread is writing it.
static void
kernel_answer_write(struct kernel_answer *s, const struct rcgo_module *m, uintptr_t expiry)
{
	uintptr_t generation = rcgo_load_rlx(&s->generation);

	if ((generation & 1) != 0 || !rcgo_cas(&s->generation, &generation, generation + 1)) {
		return;
	}
	rcgo__module_store(&s->module, m);
	rcgo_store_rel(&s->expiry, expiry);
	rcgo_store_rel(&s->generation, generation + 2);
}

// Returns the slot that contains pc, or NULL.
static struct kernel_answer *
kernel_answer_find(uintptr_t pc, struct rcgo_module *m, uintptr_t *expiry)
{
	for (size_t i = 0; i < KERNEL_ANSWERS; i++) {
		if (pc - rcgo_load_rlx(&kernel_answers[i].module.start) <
				rcgo_load_rlx(&kernel_answers[i].module.end) -
					rcgo_load_rlx(&kernel_answers[i].module.start) &&
			kernel_answer_read(&kernel_answers[i], m, expiry) &&
			pc - m->start < m->end - m->start) {
			return &kernel_answers[i];
		}
	}
	return NULL;
}

// Reports whether a kernel query is permitted now.
static bool
kernel_query_allowed(uintptr_t now)
{
	uintptr_t again = rcgo_load_rlx(&kernel_query_after);

	return now >= again && rcgo_cas(&kernel_query_after, &again, now + KERNEL_QUERY_INTERVAL);
}

// Asks the kernel for the object that contains pc. For a mapping of no object, m gets a key of 0.
static bool
kernel_query(uintptr_t pc, struct rcgo_module *m)
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
	m->nodelete = !RCGO_LIBC_UNMAPS;
	return true;
}

bool
rcgo__kernel_lookup_find(uintptr_t pc, struct rcgo_module *out)
{
	uintptr_t now = (uintptr_t)(rcgo__clock_coarse_ns() / RCGO_MS);
	uintptr_t expiry;
	struct kernel_answer *slot = kernel_answer_find(pc, out, &expiry);

	if (slot != NULL) {
		uintptr_t key = out->key;

		if (key == 0 && now < expiry) {
			return false;
		}
		if (key != 0 &&
			(out->nodelete || (rcgo__image_key(out, NULL) && out->key == key))) {
			return true;
		}
	}
	if (!kernel_query_allowed(now) || !kernel_query(pc, out)) {
		return false;
	}
	if (slot == NULL) {
		slot = &kernel_answers[rcgo_add_rlx(&kernel_answers_next, 1) % KERNEL_ANSWERS];
	}
	kernel_answer_write(slot, out, now + NEGATIVE_LIFETIME);
	return out->key != 0;
}
