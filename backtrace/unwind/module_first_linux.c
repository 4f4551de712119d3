// SPDX-License-Identifier: BSD-3-Clause
// Finds the objects that were loaded together with the program, without the dynamic loader's lock.
// They are never unloaded. Runs once, when Go starts.
// Contract: link.h (link_map), elf(5); the loader loads the objects that DT_NEEDED names, and
// appends objects of dlopen after them.

#include <elf.h>
#include <string.h>

#include "module_internal.h"
#include "symbol_lookup.h"

// Needed names that have not been found yet. A larger number is not tracked.
#define NEEDED_NAMES_MAX 256

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

// Adds the names that map needs and no object from first to map has.
static void
names_add(struct names *names, const struct link_map *first, const struct link_map *map)
{
	const char *strings = NULL;

	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_STRTAB) {
			strings = (const char *)rcgo__dynamic_address(
				(uintptr_t)map->l_addr, (uintptr_t)d->d_un.d_ptr);
		}
	}
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
