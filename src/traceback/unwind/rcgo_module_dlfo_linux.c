// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: glibc's _dl_find_object (2.35), which takes no lock. Runs on any
// stack, in handlers too.
// Contract: glibc's manual, Dynamic Linker Introspection; elf(5).

#include "rcgo_module_parts.h"

#include <elf.h>
#include <string.h>

#include "rcgo_probe.h"

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

// owner: rcgo__dlfo_look, once; lock: none; ordering: release and acquire
static find_object_fn find_object;

struct symbols {
	const ElfW(Sym) * table;
	const char *strings;
	const uint32_t *hash; // DT_GNU_HASH
};

static uint32_t
gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name != 0; name++) {
		h = h * 33 + (unsigned char)*name;
	}
	return h;
}

static const ElfW(Sym) * find_symbol(const struct symbols *s)
{
	uint32_t hash = gnu_hash(function_name);
	uint32_t buckets = s->hash[0];
	uint32_t first = s->hash[1];
	const uint32_t *bucket = s->hash + 4 + s->hash[2] * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t at = buckets != 0 ? bucket[hash % buckets] : 0;

	while (at >= first && at != 0) {
		uint32_t h = chain[at - first];

		if ((h | 1) == (hash | 1) &&
			strcmp(s->strings + s->table[at].st_name, function_name) == 0 &&
			s->table[at].st_shndx != SHN_UNDEF) {
			return &s->table[at];
		}
		if ((h & 1) != 0) {
			break;
		}
		at++;
	}
	return NULL;
}

void
rcgo__dlfo_look(uintptr_t bias, const ElfW(Dyn) * dynamic)
{
	struct symbols s = {NULL, NULL, NULL};
	const ElfW(Sym) * symbol;

	if (rcgo_load_rlx(&find_object) != NULL) {
		return;
	}
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		uintptr_t at = rcgo__dynamic_address(bias, (uintptr_t)dynamic->d_un.d_ptr);

		if (dynamic->d_tag == DT_SYMTAB) {
			s.table = (const ElfW(Sym) *)at;
		} else if (dynamic->d_tag == DT_STRTAB) {
			s.strings = (const char *)at;
		} else if (dynamic->d_tag == DT_GNU_HASH) {
			s.hash = (const uint32_t *)at;
		}
	}
	if (s.table == NULL || s.strings == NULL || s.hash == NULL) {
		return;
	}
	symbol = find_symbol(&s);
	if (symbol != NULL && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC) {
		rcgo_store_rel(&find_object, (find_object_fn)(bias + symbol->st_value));
	}
}

// Indirect: glibc's _dl_find_object, which its manual calls AS-Safe.
enum rcgo_answer
rcgo__dlfo_find(uintptr_t pc, struct rcgo_module *out)
{
	find_object_fn find = rcgo_load_acq(&find_object);
	struct found_object found;

	if (find == NULL) {
		return RCGO_ANSWER_NONE;
	}
	if (find((const void *)pc, &found) != 0) {
		return RCGO_ANSWER_NO;
	}
	*out = (struct rcgo_module){
		.start = found.map_start,
		.end = found.map_end,
		.eh_frame_hdr = found.eh_frame_hdr,
	};
	// An object that goes away this moment cannot be read, and is none.
	return rcgo__image_key(out, &found.link_map->l_addr) ? RCGO_ANSWER_YES : RCGO_ANSWER_NO;
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
		!rcgo__probe_copy(&name, &found.link_map->l_name, sizeof name)) {
		return false;
	}
	while (n < cap - 1 && rcgo__probe_copy(&path[n], &name[n], 1) && path[n] != 0) {
		n++;
	}
	path[n] = 0;
	return n != 0;
}
