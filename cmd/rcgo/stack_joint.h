// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: where the C and the Go parts of a stack meet.
#ifndef STACK_JOINT_H
#define STACK_JOINT_H

#include "stack.h"

struct joint {
	struct walk *w;
	const struct go_runtime *runtime;
	struct go_m m;
	struct go_g g0, curg;
	bool has_m, has_curg;
	bool met_go;
	uint64_t chain; // where the innermost part of g0 that is left began
	// Where the goroutine goes on behind the C part that is being walked.
	bool resumes;
	uint64_t resume_pc, resume_sp;
};

// One frame up from Go's code, where pc is in f: to Go or to C. Returns false at the stack's end.
bool joint_step_go(struct joint *j, const struct go_func *f, uint64_t pc);
// From the outermost C frame of a part to the goroutine that called it.
bool joint_leave_c(struct joint *j);
// To where the goroutine left its stack.
bool joint_to_sched(struct joint *j);
void joint_missing_c(struct walk *w);

#endif // STACK_JOINT_H
