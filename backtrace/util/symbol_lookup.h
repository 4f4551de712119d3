// SPDX-License-Identifier: BSD-3-Clause
// Looks up functions of other objects without the dynamic loader. dlsym takes the loader's lock,
// which another thread may hold while its constructor waits for Go to start. These functions read
// the loader's list of objects and their symbol tables directly.
//
// They read only objects that were loaded together with the program (or, in a dlmopen namespace,
// before libc). Those are never unloaded, so their memory can be read without a lock. The last of
// them is libc.
#ifndef RCGO_SYMBOL_LOOKUP_H
#define RCGO_SYMBOL_LOOKUP_H

#include <link.h>
#include <stdbool.h>

#include "compat.h"

// Returns the address to which code in the program binds the function, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void *rcgo__lookup_first(const char *name);

// Returns the address of the next definition after our own object's, as dlsym(RTLD_NEXT) does, or
// NULL. If dlopen loaded our object later, no definition follows it; the first one is returned.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void *rcgo__lookup_next(const char *name);

// Sets *first to the head of our namespace's list of objects and *own to our own object in it.
// Returns false if the loader cannot be asked (before glibc 2.35, other libcs, static programs).
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD bool rcgo__lookup_maps(
	const struct link_map **first, const struct link_map **own);

// Sets *phdr and *count to the program headers of an object in that list. Returns false if they are
// not in memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD bool rcgo__lookup_headers(
	const struct link_map *map, const ElfW(Phdr) * *phdr, size_t *count);

// Returns the address of a function that one object defines, or NULL. bias is the object's load
// bias, dynamic its dynamic section.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD void *rcgo__lookup_in(
	uintptr_t bias, const ElfW(Dyn) * dynamic, const char *name);

// Returns the object's DT_SONAME, or NULL.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED RCGO_COLD const char *rcgo__lookup_soname(uintptr_t bias, const ElfW(Dyn) * dynamic);

#endif // RCGO_SYMBOL_LOOKUP_H
