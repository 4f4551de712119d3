// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the transitions between the C and the Go parts of a stack.
#ifndef STACK_JOINT_H
#define STACK_JOINT_H

#include "stack.h"

// The state of the current thread in one Go runtime.
struct joint_m {
	const struct go_runtime *runtime;
	struct go_m m;
	struct go_g g0, curg;
	bool has_m, has_curg;
	bool met_go;	// frames of its Go code have been found
	uint64_t chain; // the start of the innermost part of g0 that is not unwound yet
	// Where the goroutine's stack continues after the current C part.
	bool resumes;
	uint64_t resume_pc, resume_sp;
};

struct joint {
	struct walk *w;
	struct joint_m own[THREAD_MS_MAX];
	unsigned ms;
	struct joint_m *now; // the runtime of the current part of the stack, or its caller's
};

// Unwinds one frame of Go code, where pc is in f. The caller is Go or C code. Returns false at the
// end of the stack.
bool joint_step_go(struct joint *j, const struct go_func *f, uint64_t pc);
// Unwinds from the outermost C frame of a part to the goroutine that called it.
bool joint_leave_c(struct joint *j);
// Continues at the PC and SP at which the goroutine left its stack.
bool joint_to_sched(struct joint *j);
void joint_missing_c(struct walk *w);

// stack_cpu_*.c: the code that depends on the CPU. Stores the return address of Go's function f,
// whose frame has this size, and the stack pointer after the return.
bool cpu_go_return(
	struct walk *w, const struct go_func *f, uint64_t size, uint64_t *ra, uint64_t *sp);
// Restores the registers of C that crosscall2 saved in its frame, which begins at sp.
void cpu_take_saved(struct walk *w, uint64_t sp, uint64_t size);
// Returns the address where the frame of cgocallback on g0, at sp, keeps the previous g0.sched.sp.
uint64_t cpu_chain_older(uint64_t sp);
// Returns the stack pointer that Go had when it called the vDSO on g0, from the register in which
// Go keeps it; 0 if it is not known.
uint64_t cpu_vdso_caller(const struct walk *w);

// Stores the return address of a function that has not made its frame yet, and the stack pointer
// after the return.
bool cpu_leaf_return(struct walk *w, uint64_t *ra, uint64_t *sp);
// Stores the constant that the call before ra passes as the first argument, if it does so.
bool cpu_first_argument(struct walk *w, uint64_t ra, uint64_t *value);
// The offsets in a ucontext_t of the registers, by DWARF number, and of the program counter.
extern const uint16_t cpu_ucontext_reg[RCGO_DW_REGS];
extern const uint16_t cpu_ucontext_pc;
// The distance of the ucontext_t from the stack pointer after the return of a signal handler.
extern const uint16_t cpu_ucontext_at;

#define BIT(reg) ((uint64_t)1 << (reg))

#endif // STACK_JOINT_H
