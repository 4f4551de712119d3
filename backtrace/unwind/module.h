// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object (program, shared library, vDSO) holds an address.
//
// State: written by rcgo__modules_init and rcgo__modules_refresh outside of handlers, and read by
// anybody at any time without a lock; what a handler learns by itself goes into a small table of
// its own, published word by word.
//
// Who answers, in this order:
//   objects that are never unmapped   the published list: no system call
//   _dl_find_object                   glibc 2.35 and later, found at run time: no system call
//                                     but one to look at the object (see key)
//   the published list                musl, older glibc
//   the kernel                        PROCMAP_QUERY or /proc/self/maps, at a limited rate
//
// A port must: nothing but Linux is known here.
#ifndef RCGO_MODULE_H
#define RCGO_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"

struct rcgo_module {
	uintptr_t start, end; // all its segments, first to last
	uintptr_t bias;	      // add it to an address in the file
	// PT_GNU_EH_FRAME, or NULL without one. The size is 0 where it is not known.
	const uint8_t *eh_frame_hdr;
	size_t eh_frame_hdr_size;
	// Another object at the same place has another key: it is made of the build-id and of the
	// first unwind data. Never 0.
	uintptr_t key;
	// Stays mapped until the process ends, so its bytes may be read directly. Those of any
	// other may be gone: copy them (rcgo__copy_nofault) where a fault must not be.
	bool nodelete;
};

// Finds the object that holds pc. Of a pinned one it costs a binary search, of another about 1 us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__module_find(uintptr_t pc, struct rcgo_module *out);

// Makes the first list. Called as Go starts; later calls do nothing. Without it modules are found
// by the kernel alone. With glibc 2.35 and later it takes no lock.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_SHARED void rcgo__modules_init(void);

// Brings the list up to date when objects have come or gone. Cheap when none has.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_SHARED void rcgo__modules_refresh(void);

// What lies at an address that rcgo__module_find knows no object for.
enum rcgo_code {
	RCGO_CODE_UNKNOWN,   // the kernel does not tell
	RCGO_CODE_NONE,	     // nothing that can be executed: not a program counter
	RCGO_CODE_GENERATED, // executable memory of no object, as a just-in-time compiler writes
	RCGO_CODE_OBJECT,    // an object
};

// Asks the kernel what lies at pc. *start and *end are the bounds of generated code. About 20 us.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED enum rcgo_code rcgo__module_code(uintptr_t pc, uintptr_t *start, uintptr_t *end);

// Puts the path of m's file into path, as the kernel knows it: "[vdso]", "/memfd:x (deleted)". Cut
// to cap - 1 bytes. Returns whether there is a name.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__module_name(const struct rcgo_module *m, char *path, size_t cap);

// Puts m's build-id into id, at most cap bytes. Returns its whole length, 0 without one.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED size_t rcgo__module_build_id(const struct rcgo_module *m, uint8_t *id, size_t cap);

// A kind of ELF note: the name of its owner, padded with zeros, and the owner's number for it.
struct rcgo_note_kind {
	char name[4];
	uint32_t type;
};

// Whether m carries a note of this kind. The first question costs a system call for each header.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__module_has_note(
	const struct rcgo_module *m, const struct rcgo_note_kind *kind);

#endif // RCGO_MODULE_H
