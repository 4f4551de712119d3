// SPDX-License-Identifier: BSD-3-Clause
// The published list of modules. It is written outside of signal handlers and read anywhere.
// Contract: dl_iterate_phdr(3), getauxval(3).
// Long because: both ways to collect objects share the draft and its publication.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // dl_iterate_phdr
#endif
#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "module_internal.h"
#include "kernel.h"

#define FIRST_CAPACITY 64
#define READER_TRIES 8 // each failure means that a whole list was published meanwhile

// There are two copies: readers use one while the other is written. A slow reader detects by
// list_generation that its copy was overwritten, and retries.
struct module_list {
	size_t count;
	struct rcgo_module at[];
};

// owner: the thread that set refreshing; lock: none; ordering: list_generation, whose lowest
// bit selects the list to read
static struct module_list *module_lists[2];
// owner: the thread that set refreshing; lock: none; ordering: release after a list is
// complete, acquire before and after it is read
static uintptr_t list_generation;

// Whether a thread is building a list. Another thread that wants to build one returns.
// owner: rcgo__modules_refresh; lock: itself, never waited for; ordering: acquire and release
static uint32_t refreshing; // 1 or 0

// Accessed only by the thread that has set refreshing.
// owner: the thread that set refreshing; lock: refreshing; ordering: that of refreshing
static struct {
	struct rcgo_module *found; // sorted by start
	size_t count, capacity;
	size_t overflowed; // modules that did not fit
	unsigned long long adds, subs;
	bool published;
	bool permanent_only; // only non-unloadable objects were collected
} draft;

static bool
map_lists(size_t capacity)
{
	size_t one = sizeof(struct module_list) + capacity * sizeof(struct rcgo_module);
	unsigned char *at =
		mmap(NULL, 3 * one, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t now = list_generation;

	if (at == MAP_FAILED) {
		return false;
	}
	// The old lists stay mapped, because a handler may be reading them. The size doubles each
	// time, so together they are smaller than the new ones.
	draft.found = (struct rcgo_module *)(void *)at;
	draft.capacity = capacity;
	if (module_lists[now & 1] != NULL) {
		memcpy(at + one, module_lists[now & 1],
			sizeof(struct module_list) +
				module_lists[now & 1]->count * sizeof(struct rcgo_module));
	}
	rcgo_store_rel(&module_lists[now & 1], (struct module_list *)(void *)(at + one));
	rcgo_store_rel(&module_lists[(now + 1) & 1], (struct module_list *)(void *)(at + 2 * one));
	return true;
}

static void
add_module(const struct rcgo_module *m)
{
	size_t i = draft.count;

	if (draft.count == draft.capacity) {
		draft.overflowed++;
		return;
	}
	while (i > 0 && draft.found[i - 1].start > m->start) {
		draft.found[i] = draft.found[i - 1];
		i--;
	}
	draft.found[i] = *m;
	draft.count++;
}

// Reports whether the loader's list of objects has changed since the last call, as far as libc
// tells.
static bool
has_changed(const struct dl_phdr_info *info, size_t size)
{
	if (size < offsetof(struct dl_phdr_info, dlpi_subs) + sizeof info->dlpi_subs) {
		return true;
	}
	if (draft.published && info->dlpi_adds == draft.adds && info->dlpi_subs == draft.subs) {
		return false;
	}
	draft.adds = info->dlpi_adds;
	draft.subs = info->dlpi_subs;
	return true;
}

// Reports whether the published list contains m as non-unloadable.
static bool
was_nodelete(const struct rcgo_module *m)
{
	struct rcgo_module old;

	return rcgo__list_find(m->start, &old) && old.nodelete && old.start == m->start;
}

// Adds one object of the dynamic linker's list. Stops the iteration if nothing has changed. The
// first object is the program.
static int
visit_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct rcgo_module m;
	bool *changed = arg;

	if (!*changed && !has_changed(info, size)) {
		return 1;
	}
	if (!rcgo__image_segments(&m, info->dlpi_addr, info->dlpi_phdr, info->dlpi_phnum)) {
		*changed = true;
		return 0;
	}
	m.nodelete = !*changed || was_nodelete(&m);
	*changed = true;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Dyn) *dynamic = (const ElfW(
			Dyn) *)(uintptr_t)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);

		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
			m.nodelete = m.nodelete || rcgo__nodelete_requested(dynamic);
			rcgo__dlfo_init(info->dlpi_addr, dynamic);
		}
	}
	add_module(&m);
	return 0;
}

// Adds one object that stays mapped until the process ends.
static void
visit_permanent(uintptr_t bias, const ElfW(Dyn) * dynamic, const ElfW(Phdr) * phdr, size_t count)
{
	struct rcgo_module m;

	if (rcgo__image_segments(&m, bias, phdr, count)) {
		m.nodelete = true;
		rcgo__dlfo_init(bias, dynamic);
		add_module(&m);
	}
}

// Static programs of some C libraries do not list the vDSO, which is never unmapped.
static void
add_vdso(void)
{
	uintptr_t header = rcgo__kernel_auxv(RCGO_AUXV_VDSO);
	struct rcgo_module m;

	for (size_t i = 0; i < draft.count; i++) {
		struct rcgo_module *known = &draft.found[i];

		if (header - known->start < known->end - known->start) {
			known->nodelete = true;
			return;
		}
	}
	if (header != 0 && rcgo__image_read(header, &m)) {
		m.nodelete = true;
		add_module(&m);
	}
}

// Collects all modules. Returns whether there is something to publish. If glibc lists the permanent
// objects without a lock, those suffice: _dl_find_object finds all others. dl_iterate_phdr may
// block while a callback of the program calls Go.
static bool
collect(void)
{
	bool changed = false;

	draft.count = 0;
	draft.overflowed = 0;
	if (draft.permanent_only && draft.published) {
		return false;
	}
	draft.permanent_only = rcgo__modules_first(visit_permanent);
	if (draft.permanent_only) {
		changed = true;
	} else {
		dl_iterate_phdr(visit_object, &changed);
	}
	if (changed) {
		add_vdso();
	}
	return changed;
}

// Marks non-unloadable objects. As a callback of dl_iterate_phdr it holds the loader's lock, so the
// list of objects does not change.
static int
visit_nodelete(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size, (void)arg;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
			rcgo__nodelete_mark(draft.found, draft.count,
				(const ElfW(Dyn) *)(uintptr_t)(info->dlpi_addr +
							       info->dlpi_phdr[i].p_vaddr));
		}
	}
	return 1;
}

static void
publish(void)
{
	uintptr_t next = list_generation + 1;
	struct module_list *list = module_lists[next & 1];
	size_t count = 0;

	for (size_t i = 0; i < draft.count; i++) {
		struct rcgo_module *m = &draft.found[i];

		m->key = m->start | 1; // sufficient for a non-unloadable object
		if (m->nodelete || rcgo__image_key(m, NULL)) {
			rcgo__module_store(&list->at[count++], m);
		}
	}
	rcgo_store_rel(&list->count, count);
	rcgo_store_rel(&list_generation, next);
}

void
rcgo__modules_refresh(void)
{
	int saved = errno;

	if (__atomic_exchange_n(&refreshing, 1, __ATOMIC_ACQUIRE) != 0) {
		return;
	}
	if (draft.capacity != 0 || map_lists(FIRST_CAPACITY)) {
		while (collect()) {
			if (draft.overflowed != 0 &&
				map_lists(2 * (draft.capacity + draft.overflowed))) {
				draft.adds = ~draft.adds;
				continue;
			}
			if (!draft.published && !draft.permanent_only) {
				dl_iterate_phdr(visit_nodelete, NULL);
			}
			publish();
			draft.published = true;
			break;
		}
	}
	rcgo_store_rel(&refreshing, 0);
	errno = saved;
}

void
rcgo__modules_init(void)
{
	if (rcgo_load_acq(&list_generation) == 0) {
		rcgo__modules_refresh();
	}
}

// Returns the index of the last module that starts at or below pc; count if there is none.
static size_t
last_at_or_below(const struct module_list *list, size_t count, uintptr_t pc)
{
	size_t lo = 0;
	size_t hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (rcgo_load_acq(&list->at[mid].start) <= pc) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo == 0 ? count : lo - 1;
}

bool
rcgo__list_find(uintptr_t pc, struct rcgo_module *out)
{
	for (int tries = 0; tries < READER_TRIES; tries++) {
		uintptr_t now = rcgo_load_acq(&list_generation);
		const struct module_list *list = rcgo_load_acq(&module_lists[now & 1]);
		bool found = false;
		size_t count, i;

		if (list == NULL) {
			return false;
		}
		count = rcgo_load_acq(&list->count);
		i = last_at_or_below(list, count, pc);
		if (i < count) {
			rcgo__module_load(out, &list->at[i]);
			found = pc - out->start < out->end - out->start;
		}
		if (rcgo_load_acq(&list_generation) == now) {
			return found;
		}
	}
	return false;
}

// Non-unloadable objects: dlclose may unload what dlopen loaded, but not what the program needs.
// Runs once, when Go starts.
// Contract: elf(5), link.h (r_debug, link_map).

#ifndef DF_1_NODELETE
#	define DF_1_NODELETE 8
#endif

// More objects are not examined: the rest counts as unloadable.
#define MAX_NODES 256

struct node {
	const struct link_map *map;
	const char *base; // the last component of its path
	bool nodelete, followed;
};

struct graph {
	struct node node[MAX_NODES];
	size_t count;
};

bool
rcgo__nodelete_requested(const ElfW(Dyn) * dynamic)
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

// Returns the dynamic linker's list, as it is shown to debuggers.
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

// The dynamic linker searches directories for needed names, so paths end in the name.
static void
mark_needed(struct graph *g, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash != NULL ? slash + 1 : name;

	for (size_t i = 0; i < g->count; i++) {
		if (!g->node[i].nodelete && strcmp(g->node[i].base, base) == 0) {
			g->node[i].nodelete = true;
		}
	}
}

static void
follow(struct graph *g, const struct link_map *map)
{
	const char *strings = rcgo__dynamic_strings(map);

	for (const ElfW(Dyn) *d = map->l_ld; strings != NULL && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_NEEDED) {
			mark_needed(g, strings + d->d_un.d_val);
		}
	}
}

// Computes the transitive closure of needed objects.
static void
close_graph(struct graph *g)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < g->count; i++) {
			if (g->node[i].nodelete && !g->node[i].followed) {
				g->node[i].followed = true;
				follow(g, g->node[i].map);
				more = true;
			}
		}
	}
}

void
rcgo__nodelete_mark(struct rcgo_module *modules, size_t count, const ElfW(Dyn) * program)
{
	struct graph g;
	struct rcgo_module *own = module_of(modules, count, (uintptr_t)&rcgo__nodelete_mark);

	if (own != NULL) {
		own->nodelete = true;
	}
	gather(&g, first_map(program));
	for (size_t i = 0; i < g.count; i++) {
		struct rcgo_module *m = module_of(modules, count, (uintptr_t)g.node[i].map->l_ld);

		g.node[i].nodelete = m != NULL && m->nodelete;
	}
	close_graph(&g);
	for (size_t i = 0; i < g.count; i++) {
		struct rcgo_module *m = module_of(modules, count, (uintptr_t)g.node[i].map->l_ld);

		if (m != NULL && g.node[i].nodelete) {
			m->nodelete = true;
		}
	}
}
