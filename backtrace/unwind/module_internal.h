// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: what the files of module.h share: four who know modules, each
// in a file of its own, and what reads an object in memory.
#ifndef RCGO_MODULE_INTERNAL_H
#define RCGO_MODULE_INTERNAL_H

#include <link.h>

#include "module.h"

// musl keeps whatever it has loaded, and a static program of another libc can load nothing. It has
// no macro of its own, so it is the libc that has none.
#if defined(__GLIBC__) || defined(__BIONIC__)
#	define RCGO_LIBC_UNMAPS 1
#else
#	define RCGO_LIBC_UNMAPS 0
#endif

// A clock that never goes back, with a tick's precision.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__coarse_clock_ms(void);

// Store and load what one thread writes while others read it. Each word has release and acquire:
// who sees a word of the new module sees what was stored before it too, an edition above all.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__module_store(struct rcgo_module *to, const struct rcgo_module *from);
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__module_load(struct rcgo_module *to, const struct rcgo_module *from);

// Looks at the object whose ELF header is at header, and fills in all but key and pinned. Nothing
// of it need be mapped.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_read(uintptr_t header, struct rcgo_module *out);

// Fills in what the program headers say of an object that was loaded with this bias. They may be
// read directly. Returns whether there is a segment.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_segments(
	struct rcgo_module *m, uintptr_t bias, const ElfW(Phdr) * phdr, size_t count);

// Makes m's key out of what is mapped there now. Where bias_at is not NULL m's bias is read from
// there, for the same price. Returns false when not all of it can be read.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__image_key(struct rcgo_module *m, const uintptr_t *bias_at);

// Finds pc in the published list.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__list_find(uintptr_t pc, struct rcgo_module *out);

// Whether the dynamic section asks that its object never be unmapped, or libc unmaps none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__nodelete_requested(const ElfW(Dyn) * dynamic);

// Marks those of count modules that stay until the process ends because our own object or one
// marked already, as the program is, needs them. program is the program's dynamic section, where
// the dynamic linker shows debuggers its list. Called where that list cannot change.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__nodelete_mark(
	struct rcgo_module *modules, size_t count, const ElfW(Dyn) * program);

// An address in a dynamic section: glibc makes it one of memory, others leave it one of the file.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__dynamic_address(uintptr_t bias, uintptr_t address);

typedef void (*rcgo_object_fn)(
	uintptr_t bias, const ElfW(Dyn) * dynamic, const ElfW(Phdr) * phdr, size_t count);

// Calls visit with each object that stays until the process ends: those that were loaded with the
// program, and our own. Takes no lock. Returns false, and calls nothing, where the dynamic loader
// does not tell without one.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN RCGO_COLD bool rcgo__modules_first(rcgo_object_fn visit);

// Looks for _dl_find_object in one loaded object.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__dlfo_init(uintptr_t bias, const ElfW(Dyn) * dynamic);

enum rcgo_lookup_result {
	RCGO_LOOKUP_NONE, // nobody to ask
	RCGO_LOOKUP_NO,
	RCGO_LOOKUP_YES,
};

// Asks _dl_find_object.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN enum rcgo_lookup_result rcgo__dlfo_find(uintptr_t pc, struct rcgo_module *out);

// The path that the dynamic linker knows m by.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dlfo_name(const struct rcgo_module *m, char *path, size_t cap);

// One mapping of this process.
struct rcgo_mapping {
	uintptr_t start, end;
	// Where the file's first byte is mapped, when all in between belongs to it; else 0.
	uintptr_t header;
	bool executable;
};

// Asks the kernel for the mapping that holds address. Its name goes into path unless cap is 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__mapping_find(
	uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// The same by PROCMAP_QUERY alone (Linux 6.11), on fd, the open /proc/self/maps. NONE where that
// is not known.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN enum rcgo_lookup_result rcgo__mapping_query(
	int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// The same by the text of the file alone.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=set alloc=no lock=none
RCGO_INTERN bool rcgo__mapping_read(
	int fd, uintptr_t address, struct rcgo_mapping *out, char *path, size_t cap);

// Finds pc by the kernel, or in what it said before. The kernel is asked seldom.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__kernel_lookup_find(uintptr_t pc, struct rcgo_module *out);

#endif // RCGO_MODULE_INTERNAL_H
