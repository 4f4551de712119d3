// SPDX-License-Identifier: BSD-3-Clause
// Looks up symbols in the objects that were loaded with the program, in the dynamic loader's search
// order. Takes no lock. Safe in signal handlers, on any stack.
// Contract: link.h (r_debug, link_map), getauxval(3), glibc's manual (_dl_find_object).

#include "symbol_lookup.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#define HEADER_PAGE 4096u // the first page, which contains an object's program headers

// The program headers of an object.
struct lookup_headers {
	uintptr_t bias;
	const ElfW(Phdr) * at;
	size_t count;
};

static const ElfW(Dyn) * headers_dynamic(const struct lookup_headers *h)
{
	for (size_t i = 0; i < h->count; i++) {
		if (h->at[i].p_type == PT_DYNAMIC) {
			return (const ElfW(Dyn) *)(h->bias + h->at[i].p_vaddr);
		}
	}
	return NULL;
}

static bool
headers_hold(const struct lookup_headers *h, uintptr_t address)
{
	for (size_t i = 0; i < h->count; i++) {
		uintptr_t start = h->bias + h->at[i].p_vaddr;

		if (h->at[i].p_type == PT_LOAD && address - start < h->at[i].p_memsz) {
			return true;
		}
	}
	return false;
}

// Returns the program headers of a shared object that is loaded at base.
static struct lookup_headers
headers_at(uintptr_t base)
{
	const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)base;
	struct lookup_headers h = {.bias = base};

	if (base != 0 && memcmp(header->e_ident, ELFMAG, SELFMAG) == 0) {
		h.at = (const ElfW(Phdr) *)(base + header->e_phoff);
		h.count = header->e_phnum;
	}
	return h;
}

// Returns the program headers of what the kernel executed: the program, or the dynamic loader with
// the program's name as an argument. A program with an interpreter has PT_PHDR. Without it, this is
// the loader or a static program.
static struct lookup_headers
headers_executed(void)
{
	uintptr_t at = (uintptr_t)getauxval(AT_PHDR);
	struct lookup_headers h = {.count = at != 0 ? (size_t)getauxval(AT_PHNUM) : 0};

	h.at = (const ElfW(Phdr) *)at;
	for (size_t i = 0; i < h.count; i++) {
		if (h.at[i].p_type == PT_PHDR) {
			h.bias = at - h.at[i].p_vaddr;
			return h;
		}
	}
	return headers_at(at & ~(uintptr_t)(HEADER_PAGE - 1));
}

// The objects to search. first is the head of our namespace's list.
struct lookup_scope {
	const struct link_map *first;
	const struct link_map *own;
	uintptr_t loader; // load address of the dynamic loader
};

// The part of glibc's struct dl_find_object that is used here, with room for the rest.
struct glibc_object {
	unsigned long long flags;
	void *map_start, *map_end;
	const struct link_map *map;
	unsigned long long rest[16];
};

// Reports whether map contains our own code. program gives the headers if map is the program.
static bool
map_is_own(const struct link_map *map, const struct lookup_headers *program)
{
	struct lookup_headers h = map->l_ld == headers_dynamic(program)
					  ? *program
					  : headers_at((uintptr_t)map->l_addr);

	return headers_hold(&h, (uintptr_t)map_is_own);
}

// Reports whether an object is libc. musl's libc is also the loader and has no DT_SONAME.
static bool
map_is_libc(const struct link_map *map, uintptr_t loader)
{
	uintptr_t bias = (uintptr_t)map->l_addr;
	const char *name = rcgo__lookup_soname(bias, map->l_ld);

	return name == NULL ? bias == loader : strncmp(name, "libc.", sizeof "libc." - 1) == 0;
}

// Fills in s from the list that the dynamic loader shows debuggers: the program's namespace.
static void
scope_by_debug(
	struct lookup_scope *s, const struct r_debug *debug, const struct lookup_headers *program)
{
	s->first = debug != NULL ? debug->r_map : NULL;
	for (const struct link_map *map = s->first; map != NULL; map = map->l_next) {
		if (map_is_own(map, program)) {
			s->own = map;
			return;
		}
		if (map_is_libc(map, s->loader)) {
			return;
		}
	}
}

static const struct r_debug *
loader_debug(const struct lookup_headers *executed)
{
	const ElfW(Dyn) *d = headers_dynamic(executed);

	for (; d != NULL && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_DEBUG) {
			return (const struct r_debug *)d->d_un.d_ptr;
		}
	}
	return NULL;
}

// Returns the load address of the dynamic loader; 0 in a static program.
static uintptr_t
loader_base(const struct lookup_headers *executed, const struct r_debug *debug)
{
	uintptr_t base = (uintptr_t)getauxval(AT_BASE);

	if (base == 0 && debug != NULL) { // glibc's loader was executed
		return (uintptr_t)debug->r_ldbase;
	}
	if (base == 0 && !headers_hold(executed, (uintptr_t)loader_base)) {
		return executed->bias; // musl's was
	}
	return base;
}

// Calls _dl_find_object (glibc 2.35) of the program's libc, which finds the object of any namespace
// that contains an address. It takes no lock and may be called in a signal handler.
// Indirect: glibc's _dl_find_object, which its manual calls AS-Safe.
static bool
find_by_glibc(const struct r_debug *debug, uintptr_t loader, uintptr_t address,
	struct glibc_object *found)
{
	const struct link_map *map = debug != NULL ? debug->r_map : NULL;
	int (*find)(void *, struct glibc_object *);
	void *at = NULL;

	while (map != NULL && !map_is_libc(map, loader)) {
		map = map->l_next;
	}
	if (map != NULL) {
		at = rcgo__lookup_in((uintptr_t)map->l_addr, map->l_ld, "_dl_find_object");
	}
	memcpy(&find, &at, sizeof find);
	return at != NULL && find((void *)address, found) == 0;
}

static bool
scope_by_glibc(struct lookup_scope *s, const struct r_debug *debug)
{
	struct glibc_object found;

	if (!find_by_glibc(debug, s->loader, (uintptr_t)scope_by_glibc, &found)) {
		return false;
	}
	s->own = found.map;
	s->first = found.map;
	while (s->first->l_prev != NULL) {
		s->first = s->first->l_prev;
	}
	return true;
}

// Fills in s. It stays empty in a static program.
static void
scope_read(struct lookup_scope *s)
{
	struct lookup_headers executed = headers_executed();
	const struct r_debug *debug = loader_debug(&executed);

	*s = (struct lookup_scope){.loader = loader_base(&executed, debug)};
	if (s->loader != 0 && !scope_by_glibc(s, debug)) {
		scope_by_debug(s, debug, &executed);
	}
}

static void *
scope_find(const struct lookup_scope *s, const char *name, bool after_own)
{
	void *found = NULL;

	for (const struct link_map *map = s->first; map != NULL; map = map->l_next) {
		if (after_own && map == s->own) {
			found = NULL;
			continue;
		}
		if (found == NULL) {
			found = rcgo__lookup_in((uintptr_t)map->l_addr, map->l_ld, name);
		}
		if (map_is_libc(map, s->loader)) {
			break;
		}
	}
	return found;
}

static void *
lookup(const char *name, bool after_own)
{
	struct lookup_scope s;
	struct lookup_headers loader;

	scope_read(&s);
	if (s.first != NULL || s.loader == 0) {
		return scope_find(&s, name, after_own);
	}
	loader = headers_at(s.loader); // also libc, or does not define the name
	return rcgo__lookup_in(s.loader, headers_dynamic(&loader), name);
}

bool
rcgo__lookup_maps(const struct link_map **first, const struct link_map **own)
{
	struct lookup_headers executed = headers_executed();
	const struct r_debug *debug = loader_debug(&executed);
	struct lookup_scope s = {.loader = loader_base(&executed, debug)};

	if (!scope_by_glibc(&s, debug)) {
		return false;
	}
	*first = s.first;
	*own = s.own;
	return true;
}

bool
rcgo__lookup_headers(const struct link_map *map, const ElfW(Phdr) * *phdr, size_t *count)
{
	struct lookup_headers h = headers_executed();
	const struct r_debug *debug = loader_debug(&h);
	struct glibc_object found;

	// A program at a fixed address is found by what the kernel tells alone.
	if (headers_dynamic(&h) != map->l_ld) {
		if (!find_by_glibc(debug, loader_base(&h, debug), (uintptr_t)map->l_ld, &found)) {
			return false;
		}
		h = headers_at((uintptr_t)found.map_start);
	}
	*count = h.count;
	*phdr = h.at;
	return h.at != NULL;
}

void *
rcgo__lookup_first(const char *name)
{
	return lookup(name, false);
}

void *
rcgo__lookup_next(const char *name)
{
	return lookup(name, true);
}

// Looks up a symbol in the symbol table of one object in memory.
// Contract: elf(5), the System V ABI's hash table, the GNU hash table of binutils.

#define VERSION_HIDDEN 0x8000u // not the default version

struct lookup_object {
	uintptr_t bias;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint32_t *gnu_hash;
	const uint32_t *hash;
	const ElfW(Half) * versions; // NULL: symbols have no versions
	const char *soname;	     // NULL: no DT_SONAME
};

// glibc relocates the addresses in a dynamic section, other C libraries do not.
static const void *
object_address(uintptr_t bias, uintptr_t address)
{
	return (const void *)(address < bias ? address + bias : address);
}

// Reads the dynamic section. Returns false if the object has no symbols that can be looked up.
static bool
lookup_object_read(struct lookup_object *o, uintptr_t bias, const ElfW(Dyn) * dynamic)
{
	uintptr_t soname = 0;

	*o = (struct lookup_object){.bias = bias};
	for (; dynamic != NULL && dynamic->d_tag != DT_NULL; dynamic++) {
		const void *at = object_address(bias, (uintptr_t)dynamic->d_un.d_ptr);

		switch (dynamic->d_tag) {
		case DT_SYMTAB:
			o->symbols = at;
			break;
		case DT_STRTAB:
			o->strings = at;
			break;
		case DT_GNU_HASH:
			o->gnu_hash = at;
			break;
		case DT_HASH:
			o->hash = at;
			break;
		case DT_VERSYM:
			o->versions = at;
			break;
		case DT_SONAME:
			soname = (uintptr_t)dynamic->d_un.d_val;
			break;
		}
	}
	o->soname = soname != 0 && o->strings != NULL ? o->strings + soname : NULL;
	return o->symbols != NULL && o->strings != NULL && (o->gnu_hash != NULL || o->hash != NULL);
}

// Reports whether symbol i is the default version of the function name. A function that the object
// selects at load time (STT_GNU_IFUNC) has no callable address and is skipped.
static bool
symbol_is(const struct lookup_object *o, uint32_t i, const char *name)
{
	const ElfW(Sym) *s = &o->symbols[i];
	unsigned type = ELF64_ST_TYPE(s->st_info);

	return s->st_shndx != SHN_UNDEF && s->st_value != 0 &&
	       (type == STT_FUNC || type == STT_NOTYPE) &&
	       (o->versions == NULL || (o->versions[i] & VERSION_HIDDEN) == 0) &&
	       strcmp(o->strings + s->st_name, name) == 0;
}

static uint32_t
hash_of_gnu(const char *name)
{
	uint32_t h = 5381;

	for (; *name != 0; name++) {
		h = h * 33 + (unsigned char)*name;
	}
	return h;
}

static uint32_t
object_find_by_gnu_hash(const struct lookup_object *o, const char *name)
{
	uint32_t hash = hash_of_gnu(name);
	uint32_t buckets = o->gnu_hash[0];
	uint32_t first = o->gnu_hash[1];
	const uint32_t *bucket = o->gnu_hash + 4 + o->gnu_hash[2] * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *chain = bucket + buckets;
	uint32_t i = buckets != 0 ? bucket[hash % buckets] : 0;

	for (; i >= first && i != 0; i++) {
		uint32_t h = chain[i - first];

		if ((h | 1) == (hash | 1) && symbol_is(o, i, name)) {
			return i;
		}
		if ((h & 1) != 0) {
			break;
		}
	}
	return 0;
}

static uint32_t
hash_of_sysv(const char *name)
{
	uint32_t h = 0;

	for (; *name != 0; name++) {
		h = (h << 4) + (unsigned char)*name;
		h ^= h >> 24 & 0xf0;
	}
	return h & 0x0fffffff;
}

static uint32_t
object_find_by_hash(const struct lookup_object *o, const char *name)
{
	uint32_t buckets = o->hash[0];
	const uint32_t *bucket = o->hash + 2;
	const uint32_t *chain = bucket + buckets;
	uint32_t i = buckets != 0 ? bucket[hash_of_sysv(name) % buckets] : 0;

	while (i != 0 && !symbol_is(o, i, name)) {
		i = chain[i];
	}
	return i;
}

static void *
object_find(const struct lookup_object *o, const char *name)
{
	uint32_t i = o->gnu_hash != NULL ? object_find_by_gnu_hash(o, name)
					 : object_find_by_hash(o, name);

	return i != 0 ? (void *)(o->bias + o->symbols[i].st_value) : NULL;
}

void *
rcgo__lookup_in(uintptr_t bias, const ElfW(Dyn) * dynamic, const char *name)
{
	struct lookup_object o;

	return lookup_object_read(&o, bias, dynamic) ? object_find(&o, name) : NULL;
}

const char *
rcgo__lookup_soname(uintptr_t bias, const ElfW(Dyn) * dynamic)
{
	struct lookup_object o;

	lookup_object_read(&o, bias, dynamic);
	return o.soname;
}
