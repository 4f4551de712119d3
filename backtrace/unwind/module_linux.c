// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object holds an address, and its name. Runs on any stack, in
// handlers too.

#include <time.h>

#include "symbol_lookup.h"
#include "module_internal.h"
#include "safe_read.h"

void
rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from)
{
	rcgo_store_rel(&to->start, from->start);
	rcgo_store_rel(&to->end, from->end);
	rcgo_store_rel(&to->bias, from->bias);
	rcgo_store_rel(&to->eh_frame_hdr, from->eh_frame_hdr);
	rcgo_store_rel(&to->eh_frame_hdr_size, from->eh_frame_hdr_size);
	rcgo_store_rel(&to->key, from->key);
	rcgo_store_rel(&to->nodelete, from->nodelete);
}

void
rcgo__module_load(struct rcgo_module *to, const struct rcgo_module *from)
{
	to->start = rcgo_load_acq(&from->start);
	to->end = rcgo_load_acq(&from->end);
	to->bias = rcgo_load_acq(&from->bias);
	to->eh_frame_hdr = rcgo_load_acq(&from->eh_frame_hdr);
	to->eh_frame_hdr_size = rcgo_load_acq(&from->eh_frame_hdr_size);
	to->key = rcgo_load_acq(&from->key);
	to->nodelete = rcgo_load_acq(&from->nodelete);
}

// Whether what the list knows of m is still so.
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

// Addresses that no program has: the first page, and the kernel's half.
static bool
no_address(uintptr_t pc)
{
	return pc < 4096 || pc > UINTPTR_MAX / 2;
}

enum rcgo_code
rcgo__module_code(uintptr_t pc, uintptr_t *start, uintptr_t *end)
{
	struct rcgo_mapping mapping, own;
	struct rcgo_module module;

	if (no_address(pc)) {
		return RCGO_CODE_NONE;
	}
	if (!rcgo__mapping_find(pc, &mapping, NULL, 0)) {
		// Nothing is there, unless the kernel tells nothing of our own code either.
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

// Traceback Generation, unwind: glibc's _dl_find_object (2.35), which takes no lock. Runs on any
// stack, in handlers too.
// Contract: glibc's manual, Dynamic Linker Introspection; elf(5).

// It is looked up in the symbol table of the dynamic linker: even a weak reference would make the
// linker demand glibc 2.35 of every program.
static const char function_name[] = "_dl_find_object";

// What it fills in. There is room for more than any version has.
struct found_object {
	unsigned long long flags;
	uintptr_t map_start, map_end;
	const struct link_map *link_map;
	const uint8_t *eh_frame_hdr;
	unsigned long long reserved[16];
};

typedef int (*find_object_fn)(const void *address, struct found_object *result);

// owner: rcgo__dlfo_init, once; lock: none; ordering: release and acquire
static find_object_fn find_object;

void
rcgo__dlfo_init(uintptr_t bias, const ElfW(Dyn) * dynamic)
{
	void *at;

	if (rcgo_load_rlx(&find_object) != NULL) {
		return;
	}
	at = rcgo__lookup_in(bias, dynamic, function_name);
	if (at != NULL) {
		rcgo_store_rel(&find_object, (find_object_fn)(uintptr_t)at);
	}
}

// Indirect: glibc's _dl_find_object, which its manual calls AS-Safe.
enum rcgo_lookup_result
rcgo__dlfo_find(uintptr_t pc, struct rcgo_module *out)
{
	find_object_fn find = rcgo_load_acq(&find_object);
	struct found_object found;

	if (find == NULL) {
		return RCGO_LOOKUP_NONE;
	}
	if (find((const void *)pc, &found) != 0) {
		return RCGO_LOOKUP_NO;
	}
	*out = (struct rcgo_module){
		.start = found.map_start,
		.end = found.map_end,
		.eh_frame_hdr = found.eh_frame_hdr,
	};
	// An object that goes away this moment cannot be read, and is none.
	return rcgo__image_key(out, &found.link_map->l_addr) ? RCGO_LOOKUP_YES : RCGO_LOOKUP_NO;
}

// Indirect: glibc's _dl_find_object, which its manual calls AS-Safe.
bool
rcgo__dlfo_name(const struct rcgo_module *m, char *path, size_t cap)
{
	find_object_fn find = rcgo_load_acq(&find_object);
	struct found_object found;
	const char *name;
	size_t n = 0;

	if (cap == 0 || find == NULL || find((const void *)m->start, &found) != 0 ||
		!rcgo__copy_nofault(&name, &found.link_map->l_name, sizeof name)) {
		return false;
	}
	while (n < cap - 1 && rcgo__copy_nofault(&path[n], &name[n], 1) && path[n] != 0) {
		n++;
	}
	path[n] = 0;
	return n != 0;
}

// Traceback Generation, unwind: what the kernel has said of addresses that nobody else knows: of
// objects, where libc has no _dl_find_object or is just loading them, and of code of no object (a
// compiler's at run time). Runs on any stack, in handlers too.

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
rcgo__coarse_clock_ms(void)
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
	m->nodelete = !RCGO_LIBC_UNMAPS;
	return true;
}

bool
rcgo__kernel_lookup_find(uintptr_t pc, struct rcgo_module *out)
{
	uintptr_t now = rcgo__coarse_clock_ms();
	uintptr_t until;
	struct learned *slot = learned_of(pc, out, &until);

	if (slot != NULL) {
		uintptr_t key = out->key;

		if (key == 0 && now < until) {
			return false;
		}
		if (key != 0 &&
			(out->nodelete || (rcgo__image_key(out, NULL) && out->key == key))) {
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
