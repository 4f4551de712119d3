// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: objects that may be unmapped, as the samples of a profile met them.
// Go names a sample's program counters up to a second later, and takes equal ones for the same
// place as long as a profile lasts; by then the object may be gone, and another one lie where it
// was. So what is needed to name a place in it is kept here, and its program counters carry a
// number, its edition, in their highest byte.
//
// Those of an object that stays carry none, so that tools find its file by their address: it is one
// that was the first to be met there, was met for a second and not followed by another one since.
// Not sooner, as Go writes which files are mapped when a profile begins, and pprof trusts that more
// than the names where one function of a file has no line.
//
// Code of no object, which a just-in-time compiler may free at any time, has a number that says so.
//
// State: a table that only grows, written in handlers, each entry once and then constant but for
// what became of it. When it is full, places in further objects have the names of what lies there
// as Go asks, or none where objects have followed upon others in this process.
//
// Safety: everything here runs in signal handlers.
//
// A port must have addresses that leave their highest byte alone; with 32 bits there are no
// numbers.
#ifndef RCGO_MODULE_GENERATION_H
#define RCGO_MODULE_GENERATION_H

#include "module.h"

#define RCGO_GENERATION_PATH 256
#define RCGO_GENERATION_ID 32

struct rcgo_module_generation {
	struct rcgo_module module;
	uint32_t ready;
	bool first;    // nobody was met there before: what carries no number is its
	bool stays;    // it was met for long
	bool followed; // another one was met there since
	uint8_t size;  // of its build-id, 0 without one
	uintptr_t met; // in milliseconds
	uint8_t id[RCGO_GENERATION_ID];
	char path[RCGO_GENERATION_PATH]; // of its file, empty where that is not known
};

// Keeps what is needed to name these places, and gives them their numbers.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__generations_tag(uintptr_t *pcs, size_t n);

// From now on program counters without a number mean what is mapped, for Go is crashing there.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED void rcgo__generations_stop(void);

// Whether that was called.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__generations_are_stopped(void);

// Turns a program counter that Go asks about into one that has a number if it is a sample's that
// needs one.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED uintptr_t rcgo__generation_resolve(uintptr_t pc);

// Whether this stands for code that is in no object, as far as was known when it was sampled.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__generation_is_jit(const struct rcgo_module_generation *edition);

// Takes the number off. Returns its edition, or NULL when there is none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const struct rcgo_module_generation *rcgo__generation_untag(uintptr_t *pc);

#endif // RCGO_MODULE_GENERATION_H
