// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: where the C and the Go parts of a stack meet.
#ifndef STACK_JOINT_H
#define STACK_JOINT_H

#include "stack.h"

// What one Go runtime knows of the thread that is walked.
struct joint_m {
	const struct go_runtime *runtime;
	struct go_m m;
	struct go_g g0, curg;
	bool has_m, has_curg;
	bool met_go;	// its Go code has been met
	uint64_t chain; // where the innermost part of g0 that is left began
	// Where the goroutine goes on behind the C part that is being walked.
	bool resumes;
	uint64_t resume_pc, resume_sp;
};

struct joint {
	struct walk *w;
	struct joint_m own[THREAD_MS_MAX];
	unsigned ms;
	struct joint_m *now; // the runtime whose part of the stack is walked, or which called it
};

// One frame up from Go's code, where pc is in f: to Go or to C. Returns false at the stack's end.
bool joint_step_go(struct joint *j, const struct go_func *f, uint64_t pc);
// From the outermost C frame of a part to the goroutine that called it.
bool joint_leave_c(struct joint *j);
// To where the goroutine left its stack.
bool joint_to_sched(struct joint *j);
void joint_missing_c(struct walk *w);

// stack_cpu_*.c: what depends on the CPU.
// Of Go's function f, whose frame has this size: the return address, and the stack pointer behind
// the return.
bool cpu_go_return(
	struct walk *w, const struct go_func *f, uint64_t size, uint64_t *ra, uint64_t *sp);
// Takes the registers of C that crosscall2 saved in its frame, which begins at sp.
void cpu_take_saved(struct walk *w, uint64_t sp, uint64_t size);
// Where the frame of cgocallback on g0 at sp keeps the g0.sched.sp of before.
uint64_t cpu_chain_older(uint64_t sp);
// The stack pointer that Go had when it called the vDSO on g0, of which the kernel's function has
// left it the register; 0: not known.
uint64_t cpu_vdso_caller(const struct walk *w);

// Of a function that has made itself no frame yet: the return address, and the stack pointer behind
// the return.
bool cpu_leaf_return(struct walk *w, uint64_t *ra, uint64_t *sp);
// The offsets in a ucontext_t of the registers, by DWARF number, and of the program counter.
extern const uint16_t cpu_ucontext_reg[RCGO_DW_REGS];
extern const uint16_t cpu_ucontext_pc;
// The distance of the ucontext_t from the stack pointer after the return of a signal handler.
extern const uint16_t cpu_ucontext_at;

#define BIT(reg) ((uint64_t)1 << (reg))

#endif // STACK_JOINT_H
