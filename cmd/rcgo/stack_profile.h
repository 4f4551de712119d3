// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: profiles as go tool pprof reads them.
#ifndef STACK_PROFILE_H
#define STACK_PROFILE_H

#include "stack.h"

struct profile;

// A profile of one kind of value, such as samples in count.
struct profile *profile_new(const char *type, const char *unit);
// With a second kind, and what lies between two samples, in ns; duration_ns as well.
void profile_timed(struct profile *p, const char *type, const char *unit, uint64_t period_ns,
	uint64_t duration_ns);

struct profile_label {
	const char *key, *text; // text or, where that is NULL, number
	int64_t number;
};
void profile_add(struct profile *p, struct stacks *s, const struct stack *stack,
	const uint64_t *values, const struct profile_label *labels, size_t n);
// Writes it, or fails.
void profile_write(struct profile *p, const char *path);

#endif // STACK_PROFILE_H
