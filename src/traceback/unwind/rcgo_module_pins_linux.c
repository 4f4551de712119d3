// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which objects are never unmapped: dlclose may take what dlopen
// brought, not what the program needs. Runs as Go starts, once.
// Contract: elf(5), link.h (r_debug, link_map).

#include "rcgo_module_parts.h"

#include <elf.h>
#include <string.h>

#ifndef DF_1_NODELETE
#	define DF_1_NODELETE 8
#endif

// More than that are not looked at: the rest is taken for what may be unmapped.
#define MAX_NODES 256

struct node {
	const struct link_map *map;
	const char *base; // the last part of its path
	bool pinned, followed;
};

struct graph {
	struct node node[MAX_NODES];
	size_t count;
};

bool
rcgo__pins_asked(const ElfW(Dyn) * dynamic)
{
	if (!RCGO_LIBC_UNMAPS) {
		return true;
	}
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_FLAGS_1) {
			return (dynamic->d_un.d_val & DF_1_NODELETE) != 0;
		}
	}
	return false;
}

uintptr_t
rcgo__dynamic_address(uintptr_t bias, uintptr_t address)
{
	return address < bias ? address + bias : address;
}

static struct rcgo_module *
module_of(struct rcgo_module *modules, size_t count, uintptr_t address)
{
	for (size_t i = 0; i < count; i++) {
		if (address - modules[i].start < modules[i].end - modules[i].start) {
			return &modules[i];
		}
	}
	return NULL;
}

// The dynamic linker's list, as it shows it to debuggers.
static const struct link_map *
first_map(const ElfW(Dyn) * program)
{
	for (; program->d_tag != DT_NULL; program++) {
		if (program->d_tag == DT_DEBUG) {
			const struct r_debug *debug = (const struct r_debug *)program->d_un.d_ptr;

			return debug != NULL ? debug->r_map : NULL;
		}
	}
	return NULL;
}

static void
gather(struct graph *g, const struct link_map *map)
{
	g->count = 0;
	for (; map != NULL && g->count < MAX_NODES; map = map->l_next) {
		const char *slash = map->l_name != NULL ? strrchr(map->l_name, '/') : NULL;

		if (map->l_name != NULL && map->l_ld != NULL) {
			g->node[g->count++] = (struct node){
				.map = map,
				.base = slash != NULL ? slash + 1 : map->l_name,
			};
		}
	}
}

// The dynamic linker finds what is needed by its name in a directory, so paths end in that name.
static void
pin_needed(struct graph *g, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;

	for (size_t i = 0; i < g->count; i++) {
		if (!g->node[i].pinned && strcmp(g->node[i].base, base) == 0) {
			g->node[i].pinned = true;
		}
	}
}

static void
follow(struct graph *g, const struct link_map *map)
{
	const char *strings = NULL;

	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_STRTAB) {
			strings = (const char *)rcgo__dynamic_address(
				map->l_addr, (uintptr_t)d->d_un.d_ptr);
		}
	}
	for (const ElfW(Dyn) *d = map->l_ld; strings != NULL && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_NEEDED) {
			pin_needed(g, strings + d->d_un.d_val);
		}
	}
}

// Follows what is needed until there is nothing new.
static void
close_graph(struct graph *g)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < g->count; i++) {
			if (g->node[i].pinned && !g->node[i].followed) {
				g->node[i].followed = true;
				follow(g, g->node[i].map);
				more = true;
			}
		}
	}
}

void
rcgo__pins_mark(struct rcgo_module *modules, size_t count, const ElfW(Dyn) * program)
{
	struct graph g;
	struct rcgo_module *own = module_of(modules, count, (uintptr_t)&rcgo__pins_mark);

	if (own != NULL) {
		own->pinned = true;
	}
	gather(&g, first_map(program));
	for (size_t i = 0; i < g.count; i++) {
		struct rcgo_module *m = module_of(modules, count, (uintptr_t)g.node[i].map->l_ld);

		g.node[i].pinned = m != NULL && m->pinned;
	}
	close_graph(&g);
	for (size_t i = 0; i < g.count; i++) {
		struct rcgo_module *m = module_of(modules, count, (uintptr_t)g.node[i].map->l_ld);

		if (m != NULL && g.node[i].pinned) {
			m->pinned = true;
		}
	}
}
