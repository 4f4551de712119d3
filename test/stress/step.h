// SPDX-License-Identifier: BSD-3-Clause
// Stress: declarations of the single-step test.
#ifndef STEP_H
#define STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module.h"
#include "unwinder.h"

#define STEP_PCS 256
#define STEP_DEPTH 200
#define STEP_PLACES 64

// The calls that have begun and not returned, outermost first.
struct step_shadow {
	size_t depth;
	uintptr_t ra[STEP_DEPTH];   // return addresses
	uintptr_t slot[STEP_DEPTH]; // their addresses
};

struct step_place {
	uintptr_t pc;
	size_t frame;
	size_t times;
	bool they_too;
};

struct step_counts {
	size_t steps, deepest, wrong, both_wrong, places;
	struct step_place place[STEP_PLACES];
};
extern struct step_counts step_counts;

// The number of instructions after which a call runs without steps.
extern size_t step_most;

// Unwinds before the instruction at pc and compares with the shadow stack.
void step_check(void *ucontext, uintptr_t pc, const struct step_shadow *shadow);

// Runs a function with a check before each of its instructions.
void step_run(void (*run)(void));

struct step_call {
	const char *name;
	void (*run)(void);
	bool (*ready)(void); // or NULL
};
extern const struct step_call step_calls[];
extern const size_t step_calls_n;

#endif // STEP_H
