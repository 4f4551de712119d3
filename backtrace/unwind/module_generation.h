// SPDX-License-Identifier: BSD-3-Clause
// Module generations: unloadable objects, as profile samples found them. Go symbolizes a sample's
// program counters up to a second after the sample, and treats equal ones as the same location for
// the whole profile. By then the object may be unmapped, and another one may be mapped there. This
// table therefore keeps what symbolization needs, and program counters carry the number of their
// generation in the highest byte (they are tagged).
//
// Program counters of a permanent object are not tagged, so tools can find its file by address. An
// object is permanent if it was the first at its addresses, was seen for a second, and has not been
// replaced since. The second is needed because Go writes the list of mapped files when a profile
// starts. pprof trusts that list more than the names if one function of a file has no line.
//
// Code outside all objects has a number of its own: a just-in-time compiler may free it at any
// time.
//
// State: a table that only grows. Handlers write it. An entry is written once and then constant,
// except for the fields that record later events. When the table is full, locations in further
// objects get the names of what is mapped when Go asks. If an object has replaced another in this
// process, they get no name.
//
// Safety: everything here runs in signal handlers.
//
// A port must have addresses that do not use their highest byte. On 32-bit systems there are no
// numbers (module_generation_none.c).
#ifndef RCGO_MODULE_GENERATION_H
#define RCGO_MODULE_GENERATION_H

#include "module.h"

// Whether addresses leave their highest byte free for the number of a generation.
#define RCGO_MODULE_GENERATIONS (UINTPTR_MAX > 0xffffffffu)

#define RCGO_GENERATION_PATH 256
#define RCGO_GENERATION_ID 32

struct rcgo_module_generation {
	struct rcgo_module module;
	uint32_t ready;
	bool first;	      // the first object here: untagged program counters belong to it
	bool permanent;	      // seen for long enough: program counters are not tagged
	bool replaced;	      // another object was seen here later
	uint8_t size;	      // size of the build-id, 0 if there is none
	uintptr_t first_seen; // time of the first sample, in milliseconds
	uint8_t id[RCGO_GENERATION_ID];
	char path[RCGO_GENERATION_PATH]; // path of its file, empty if unknown
};

// Records what symbolizing these program counters needs, and tags them.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__generations_tag(uintptr_t *pcs, size_t n);

// Declares that untagged program counters now mean what is currently mapped. Called when Go
// crashes.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__generations_stop(void);

// Reports whether rcgo__generations_stop was called.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__generations_are_stopped(void);

// Tags a program counter that Go wants to symbolize, if it belongs to a sample of an object that
// needs a tag.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED uintptr_t rcgo__generation_resolve(uintptr_t pc);

// Reports whether this generation stands for code that was in no known object when it was sampled.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__generation_is_jit(const struct rcgo_module_generation *generation);

// Removes the tag. Returns its generation, or NULL if there is no tag.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const struct rcgo_module_generation *rcgo__generation_untag(uintptr_t *pc);

#endif // RCGO_MODULE_GENERATION_H
