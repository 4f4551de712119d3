// SPDX-License-Identifier: BSD-3-Clause
// Maps an address to the object that contains it: program, shared library or vDSO.
//
// State: rcgo__modules_init and rcgo__modules_refresh write the list of objects outside of signal
// handlers. Any thread reads it at any time without a lock. What a handler learns from the kernel
// goes into a small separate cache, which is published word by word.
//
// Sources, in this order:
//   published list, non-unloadable objects   no system call
//   _dl_find_object                          glibc 2.35 and later, found at run time: no system
//                                            call but one to read the object (see key)
//   published list, all objects              musl, older glibc
//   the kernel                               PROCMAP_QUERY or /proc/self/maps, rate-limited
//
// A port must: nothing but Linux is known here.
#ifndef RCGO_MODULE_H
#define RCGO_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

struct rcgo_module {
	uintptr_t start, end; // from the first segment to the last
	uintptr_t bias;	      // memory address minus file address
	// PT_GNU_EH_FRAME, or NULL if the object has none. The size is 0 if unknown.
	const uint8_t *eh_frame_hdr;
	size_t eh_frame_hdr_size;
	// Identifies the object: two objects at the same address have different keys. It is a hash
	// of the build-id and the first unwind data. Never 0.
	uintptr_t key;
	// The object stays mapped until the process ends, so its bytes may be read directly. Any
	// other object may be unmapped: copy its bytes (rcgo__copy_nofault) where a fault is not
	// acceptable.
	bool nodelete;
};

// Finds the object that contains pc. For a non-unloadable object this costs a binary search, for
// any other about 1 us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__module_find(uintptr_t pc, struct rcgo_module *out);

// Builds the first list. It is called when Go starts; later calls do nothing. Without it only the
// kernel finds modules. With glibc 2.35 and later it takes no lock.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_SHARED void rcgo__modules_init(void);

// Updates the list after objects were loaded or unloaded. Cheap if nothing has changed.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_SHARED void rcgo__modules_refresh(void);

// What is mapped at an address for which rcgo__module_find finds no object.
enum rcgo_code {
	RCGO_CODE_UNKNOWN,   // the kernel does not answer
	RCGO_CODE_NONE,	     // no executable memory: not a program counter
	RCGO_CODE_GENERATED, // executable memory outside objects, such as JIT code
	RCGO_CODE_OBJECT,    // part of an object
};

// Asks the kernel what is mapped at pc. For generated code, *start and *end receive its bounds.
// Takes about 20 us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED enum rcgo_code rcgo__module_code(uintptr_t pc, uintptr_t *start, uintptr_t *end);

// Stores the path of m's file as the kernel reports it: "[vdso]", "/memfd:x (deleted)". The path is
// truncated to cap - 1 bytes. Returns whether m has a name.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__module_name(const struct rcgo_module *m, char *path, size_t cap);

// Finds a file that is mapped executable, by its name without the directory. Stores its path, cut
// to cap - 1 bytes. Returns whether there is one. Reads the list of all mappings.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__module_find_file(const char *name, char *path, size_t cap);

// Stores m's build-id in id, at most cap bytes. Returns its full length, 0 if m has none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__module_build_id(const struct rcgo_module *m, uint8_t *id, size_t cap);

// A kind of ELF note: the owner's name, padded with zeros, and the owner's type number.
struct rcgo_note_kind {
	char name[4];
	uint32_t type;
};

// Reports whether m contains a note of this kind. The first call costs one system call per program
// header.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__module_has_note(
	const struct rcgo_module *m, const struct rcgo_note_kind *kind);

#endif // RCGO_MODULE_H
