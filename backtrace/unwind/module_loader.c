// SPDX-License-Identifier: BSD-3-Clause
// What the dynamic loader knows, without its lock: the objects that were loaded together with the
// program, which are never unloaded, and _dl_find_object.
// Contract: link.h (link_map), elf(5); the loader loads the objects that DT_NEEDED names, and
// appends objects of dlopen after them. glibc's manual (_dl_find_object).

#include <elf.h>
#include <string.h>

#include "module_internal.h"
#include "safe_read.h"
#include "symbol_lookup.h"

// Needed names that have not been found yet. A larger number is not tracked.
#define NEEDED_NAMES_MAX 256

uintptr_t
rcgo__dynamic_address(uintptr_t bias, uintptr_t address)
{
	return address < bias ? address + bias : address;
}

struct names {
	const char *at[NEEDED_NAMES_MAX];
	size_t count;
};

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
map_is_called(const struct link_map *map, const char *name)
{
	const char *own = rcgo__lookup_soname((uintptr_t)map->l_addr, map->l_ld);

	return (map->l_name != NULL && strcmp(base_name(map->l_name), name) == 0) ||
	       (own != NULL && strcmp(own, name) == 0);
}

// Removes the names of map from names. Returns whether there were any.
static bool
names_remove(struct names *names, const struct link_map *map)
{
	size_t kept = 0;
	bool some;

	for (size_t i = 0; i < names->count; i++) {
		if (!map_is_called(map, names->at[i])) {
			names->at[kept++] = names->at[i];
		}
	}
	some = kept < names->count;
	names->count = kept;
	return some;
}

static bool
is_listed(const struct link_map *first, const struct link_map *last, const char *name)
{
	for (const struct link_map *map = first;; map = map->l_next) {
		if (map_is_called(map, name)) {
			return true;
		}
		if (map == last) {
			return false;
		}
	}
}

const char *
rcgo__dynamic_strings(const struct link_map *map)
{
	const char *strings = NULL;

	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_STRTAB) {
			strings = (const char *)rcgo__dynamic_address(
				(uintptr_t)map->l_addr, (uintptr_t)d->d_un.d_ptr);
		}
	}
	return strings;
}

// Adds the names that map needs and no object from first to map has.
static void
names_add(struct names *names, const struct link_map *first, const struct link_map *map)
{
	const char *strings = rcgo__dynamic_strings(map);

	for (const ElfW(Dyn) *d = map->l_ld; strings != NULL && d->d_tag != DT_NULL; d++) {
		const char *name =
			d->d_tag == DT_NEEDED ? base_name(strings + d->d_un.d_val) : NULL;

		if (name != NULL && names->count < NEEDED_NAMES_MAX &&
			!is_listed(first, map, name)) {
			names->at[names->count++] = name;
		}
	}
}

// Returns the last object that was loaded together with the first. Objects after it may be unloaded
// during the search, so the search goes no further than necessary.
static const struct link_map *
last_initial_object(const struct link_map *first)
{
	struct names names = {.count = 0};
	const struct link_map *last = first;

	for (const struct link_map *map = first; map != NULL; map = map->l_next) {
		if (map->l_ld == NULL) {
			continue;
		}
		if (names_remove(&names, map)) {
			last = map;
		}
		names_add(&names, first, map);
		if (names.count == 0) {
			break;
		}
	}
	return last;
}

// Indirect: visit, which the caller of rcgo__modules_first passes.
static void
visit_map(const struct link_map *map, rcgo_object_fn visit)
{
	const ElfW(Phdr) * phdr;
	size_t count;

	if (map->l_ld != NULL && rcgo__lookup_headers(map, &phdr, &count)) {
		visit((uintptr_t)map->l_addr, map->l_ld, phdr, count);
	}
}

bool
rcgo__modules_first(rcgo_object_fn visit)
{
	const struct link_map *first, *own, *last;
	bool own_seen = false;

	if (!rcgo__lookup_maps(&first, &own)) {
		return false;
	}
	last = last_initial_object(first);
	for (const struct link_map *map = first;; map = map->l_next) {
		visit_map(map, visit);
		own_seen = own_seen || map == own;
		if (map == last) {
			break;
		}
	}
	if (!own_seen) {
		visit_map(own, visit);
	}
	return true;
}

// glibc's _dl_find_object (2.35), which takes no lock.
// Contract: glibc's manual, Dynamic Linker Introspection; elf(5).

// The function is looked up in the dynamic linker's symbol table. Even a weak reference would make
// every program require glibc 2.35.
static const char function_name[] = "_dl_find_object";

// The result structure. It has room for more than any glibc version stores.
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
	// An object that is being unmapped cannot be read, and counts as not found.
	return rcgo__image_key(out, (const uintptr_t *)&found.link_map->l_addr) ? RCGO_LOOKUP_YES
										: RCGO_LOOKUP_NO;
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
