// SPDX-License-Identifier: BSD-3-Clause
// Stress: stops a thread after each instruction, and keeps a shadow stack.
// Contract: Intel SDM volume 3, 18.3.1.4 (single-step exceptions).

#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "step.h"

#define TRAP_FLAG 0x100ul
#define LONGEST_INSTRUCTION 15

static struct step_shadow shadow;
static uintptr_t last_pc, last_sp;
static bool on, begun;

// Returns whether the instruction at pc, which ends at next, is a call.
static bool
is_call(const unsigned char *pc, const unsigned char *next)
{
	if (next - pc < 2 || next - pc > LONGEST_INSTRUCTION) {
		return false;
	}
	while (*pc == 0x3e || *pc == 0xf2 || *pc == 0x67 || *pc == 0x66 || (*pc & 0xf0) == 0x40) {
		pc++; // prefixes: notrack, bnd, sizes, REX
	}
	return (*pc == 0xe8 && next - pc == 5) || (*pc == 0xff && (pc[1] >> 3 & 7) == 2);
}

// Updates the shadow stack by the last instruction.
static void
follow(uintptr_t pc, uintptr_t sp)
{
	uintptr_t top = *(const uintptr_t *)sp;

	while (shadow.depth > 0 && shadow.slot[shadow.depth - 1] < sp) {
		shadow.depth--;
	}
	if (sp == last_sp - sizeof sp && pc != last_pc &&
		is_call((const unsigned char *)last_pc, (const unsigned char *)top)) {
		if (shadow.depth == STEP_DEPTH) {
			abort();
		}
		shadow.ra[shadow.depth] = top;
		shadow.slot[shadow.depth++] = sp;
	}
	last_pc = pc;
	last_sp = sp;
}

static void
on_trap(int sig, siginfo_t *info, void *ucontext)
{
	ucontext_t *uc = ucontext;
	uintptr_t pc = (uintptr_t)uc->uc_mcontext.gregs[REG_RIP];
	uintptr_t sp = (uintptr_t)uc->uc_mcontext.gregs[REG_RSP];

	(void)sig, (void)info;
	if (!on || step_counts.steps >= step_most) {
		uc->uc_mcontext.gregs[REG_EFL] &= ~(greg_t)TRAP_FLAG;
		return;
	}
	uc->uc_mcontext.gregs[REG_EFL] |= (greg_t)TRAP_FLAG;
	if (!begun) {
		begun = true;
		last_pc = pc;
		last_sp = sp;
		return;
	}
	follow(pc, sp);
	// Only functions called by step_run are stepped; its own red zone and flags are in use.
	if (shadow.depth > 0) {
		step_check(ucontext, pc, &shadow);
	}
}

// Indirect: the function to run.
void
step_run(void (*run)(void))
{
	static char stack[256 << 10];
	stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	action.sa_sigaction = on_trap;
	sigaltstack(&alternate, NULL);
	sigaction(SIGTRAP, &action, NULL);
	shadow.depth = 0;
	begun = false;
	on = true;
	raise(SIGTRAP); // its handler sets the trap flag on return
	run();
	on = false;
	__asm__("" : : : "memory");
}
