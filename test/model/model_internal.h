// SPDX-License-Identifier: BSD-3-Clause
// Internal interface of the model checker: explore.c decides, memory.c knows what a load may read.
#ifndef MODEL_INTERNAL_H
#define MODEL_INTERNAL_H

#include "model.h"

// A vector clock: the last step of each thread that happens before.
struct clock {
	uint32_t at[MODEL_THREADS];
};

static inline void
clock_join(struct clock *to, const struct clock *from)
{
	for (unsigned i = 0; i < MODEL_THREADS; i++) {
		to->at[i] = to->at[i] > from->at[i] ? to->at[i] : from->at[i];
	}
}

// The clocks of a thread.
struct view {
	struct clock now;	 // what happens before its next step
	struct clock seen;	 // the same, and what its sequentially consistent fences order
	struct clock acquirable; // what an acquire fence adds to now
	struct clock released;	 // now at the last release fence
};

// Starts an execution: no location is known.
void memory_reset(void);
struct view *memory_view(unsigned thread);

// The accesses of the running thread, of 1 to 16 bytes; the orders are those of __ATOMIC_RELAXED
// and so on. caller is the address of the code.
enum memory_operation { EXCHANGE, ADD, SUB, AND, OR, XOR, NAND };
void memory_plain(const volatile void *p, unsigned size, bool writes, const void *caller);
uint64_t memory_load(uintptr_t at, unsigned size, int order, const void *caller);
void memory_store(uintptr_t at, unsigned size, uint64_t value, int order, const void *caller);
uint64_t memory_modify(uintptr_t at, unsigned size, enum memory_operation operation, uint64_t value,
	int order, const void *caller);
uint64_t memory_compare(uintptr_t at, unsigned size, uint64_t want, uint64_t value, int order,
	int fail_order, const void *caller);
void memory_fence(int order);

// Ends the execution with a failure.
_Noreturn void model_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Before an atomic access: lets other threads run.
void model_step(void);
// Notes an access for the report of a failure.
void model_note(const char *what, const volatile void *at, uint64_t value, const void *caller);
// Whether an address is of the running thread alone: its stack, errno.
bool model_is_private(uintptr_t at);
// Whether the code under test runs, so that accesses count.
bool model_is_running(void);

#endif // MODEL_INTERNAL_H
