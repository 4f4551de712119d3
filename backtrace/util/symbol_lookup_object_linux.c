// SPDX-License-Identifier: BSD-3-Clause
// Looks up a symbol in the symbol table of one object in memory. Safe in signal handlers, on any
// stack.
// Contract: elf(5), the System V ABI's hash table, the GNU hash table of binutils.

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "symbol_lookup.h"

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
