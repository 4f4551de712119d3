// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: the objects that were loaded together with the program, without the
// dynamic loader's lock: they are never unloaded. Runs as Go starts, once.
// Contract: link.h (link_map), elf(5); the loader loads what an object needs by its name, and adds
// what dlopen brings behind what the program needs.

#include <elf.h>
#include <string.h>

#include "module_internal.h"
#include "symbol_lookup.h"

// Names that are needed and have not been seen yet. More are not waited for.
#define NAMES_MOST 256

struct names {
	const char *at[NAMES_MOST];
	size_t count;
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
map_is_called(const struct link_map *map, const char *name)
{
	const char *own = rcgo__lookup_soname((uintptr_t)map->l_addr, map->l_ld);

	return (map->l_name != NULL && strcmp(last_part(map->l_name), name) == 0) ||
	       (own != NULL && strcmp(own, name) == 0);
}

// Takes the names of map out. Returns whether there were any.
static bool
names_arrive(struct names *names, const struct link_map *map)
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
was_seen(const struct link_map *first, const struct link_map *last, const char *name)
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

// Adds what map needs and none of first to map is called.
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
			d->d_tag == DT_NEEDED ? last_part(strings + d->d_un.d_val) : NULL;

		if (name != NULL && names->count < NAMES_MOST && !was_seen(first, map, name)) {
			names->at[names->count++] = name;
		}
	}
}

// The last object that was loaded with the first. Those behind it may be unloaded while they are
// looked at, so the search goes no further than it must.
static const struct link_map *
last_of_first(const struct link_map *first)
{
	struct names names = {.count = 0};
	const struct link_map *last = first;

	for (const struct link_map *map = first; map != NULL; map = map->l_next) {
		if (map->l_ld == NULL) {
			continue;
		}
		if (names_arrive(&names, map)) {
			last = map;
		}
		names_add(&names, first, map);
		if (names.count == 0) {
			break;
		}
	}
	return last;
}

// Indirect: the caller's function.
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
	last = last_of_first(first);
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
