// SPDX-License-Identifier: BSD-3-Clause
// Looks up symbols by FreeBSD's dynamic linker. libthr defers signals while a thread holds the
// linker's lock, so a handler cannot interrupt the holder on the same thread. A static program has
// no dynamic linker and finds nothing.
// Contract: dlsym(3), rtld(1).

//rcgo:small

#include "symbol_lookup.h"

#include <dlfcn.h>

void *
rcgo__lookup_first(const char *name)
{
	return dlsym(RTLD_DEFAULT, name);
}

void *
rcgo__lookup_next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

// The list of objects cannot be read without a lock; dl_iterate_phdr serves instead.
bool
rcgo__lookup_maps(
	RCGO_UNUSED const struct link_map **first, RCGO_UNUSED const struct link_map **own)
{
	return false;
}

bool
rcgo__lookup_headers(RCGO_UNUSED const struct link_map *map, RCGO_UNUSED const ElfW(Phdr) * *phdr,
	RCGO_UNUSED size_t *count)
{
	return false;
}

void *
rcgo__lookup_in(RCGO_UNUSED uintptr_t bias, RCGO_UNUSED const ElfW(Dyn) * dynamic,
	RCGO_UNUSED const char *name)
{
	return NULL;
}

const char *
rcgo__lookup_soname(RCGO_UNUSED uintptr_t bias, RCGO_UNUSED const ElfW(Dyn) * dynamic)
{
	return NULL;
}
