// SPDX-License-Identifier: BSD-3-Clause
// Internal interface of the files behind module.h: the sources of modules, and the reader of
// objects in memory.
#ifndef RCGO_MODULE_INTERNAL_H
#define RCGO_MODULE_INTERNAL_H

#include <link.h>

#include "module.h"

// Whether libc unmaps objects. musl never unmaps what it has loaded, and a static program of
// another libc can load nothing. musl defines no macro of its own, so it is recognized by the
// absence of others.
#if defined(__GLIBC__) || defined(__BIONIC__)
#	define RCGO_LIBC_UNMAPS 1
#else
#	define RCGO_LIBC_UNMAPS 0
#endif

// Store and load a module that other threads read concurrently. Each word is stored with release
// and loaded with acquire ordering. A reader of a new word therefore also sees what was stored
// before, in particular the generation.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__module_load(struct rcgo_module *to, const struct rcgo_module *from);

// Reads the object whose ELF header is at header, and fills in all fields but key and nodelete. The
// memory need not be mapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_read(uintptr_t header, struct rcgo_module *out);

// Fills in what the program headers of an object with this load bias say. They must be readable.
// Returns whether the object has a segment.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_segments(
	struct rcgo_module *m, uintptr_t bias, const ElfW(Phdr) * phdr, size_t count);

// Computes m's key from what is mapped now. If bias_at is not NULL, m's bias is read from there in
// the same system call. Returns false if anything cannot be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_key(struct rcgo_module *m, const uintptr_t *bias_at);

// Finds pc in the published list.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__list_find(uintptr_t pc, struct rcgo_module *out);

// Reports whether the object is never unmapped: its dynamic section asks for it, or libc unmaps
// nothing.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__nodelete_requested(const ElfW(Dyn) * dynamic);

// Marks the modules that stay mapped until the process ends: those that our own object needs, and
// those that an already marked one needs, such as the program. program is the program's dynamic
// section, through which the dynamic linker shows debuggers its list. The list must not change
// during the call.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__nodelete_mark(
	struct rcgo_module *modules, size_t count, const ElfW(Dyn) * program);

// Converts an address in a dynamic section to a memory address. glibc stores memory addresses
// there, other C libraries keep file addresses.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__dynamic_address(uintptr_t bias, uintptr_t address);

// Returns the string table of an object's dynamic section, or NULL.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__dynamic_strings(const struct link_map *map);

typedef void (*rcgo_object_fn)(
	uintptr_t bias, const ElfW(Dyn) * dynamic, const ElfW(Phdr) * phdr, size_t count);

// Calls visit for each object that stays mapped until the process ends: those that were loaded with
// the program, and our own. Takes no lock. Returns false without a call of visit if the dynamic
// loader cannot be asked without a lock.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__modules_first(rcgo_object_fn visit);

// Looks up _dl_find_object in one loaded object.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__dlfo_init(uintptr_t bias, const ElfW(Dyn) * dynamic);

enum rcgo_lookup_result {
	RCGO_LOOKUP_NONE, // this source is not available
	RCGO_LOOKUP_NO,
	RCGO_LOOKUP_YES,
};

// Calls _dl_find_object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_lookup_result rcgo__dlfo_find(uintptr_t pc, struct rcgo_module *out);

// Stores the path under which the dynamic linker knows m.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dlfo_name(const struct rcgo_module *m, char *path, size_t cap);

// One mapping of this process.
struct rcgo_mapping {
	uintptr_t start, end;
	// The address of the file's first byte, if the mappings in between belong to the same file;
	// else 0.
	uintptr_t header;
	bool executable;
};

// Asks the kernel for the mapping that contains address. Stores its name in path unless cap is 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__mapping_find(
	uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// Finds the mapping with PROCMAP_QUERY (Linux 6.11) on fd, the open /proc/self/maps. Returns
// RCGO_LOOKUP_NONE if the kernel does not have it.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN enum rcgo_lookup_result rcgo__mapping_query(
	int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// Finds the mapping in the text of /proc/self/maps, read from fd.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__mapping_read(
	int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// Finds pc in the cache of kernel answers, or asks the kernel. Questions to the kernel are
// rate-limited.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__kernel_lookup_find(uintptr_t pc, struct rcgo_module *out);

#endif // RCGO_MODULE_INTERNAL_H
